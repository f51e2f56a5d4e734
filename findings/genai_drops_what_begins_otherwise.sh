#!/usr/bin/env bash
# @google/genai 1.52.0 and 3.3.0 drop a piece of an answer whose block begins with a comment or an id, and say nothing.
#
# The SDK looks for blocks that begin with "data:". WHATWG HTML, 9.2.6 lets the fields of an event come in any order, with
# comments between them; ": keep-alive" LF "data: {...}" is one valid event. Here it is neither an event nor an error: the
# text is shorter, and that is all.
#
# Why it matters: a gateway or proxy that adds keep-alive comments or ids to a Gemini-compatible stream takes words out of
# answers. For this client a comment must have a blank line behind it, which other clients take for an empty message.
#
# Needs Node 20 or later, and npm.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @google/genai@1.52.0 genai-3@npm:@google/genai@3.3.0 >&2
cat >probe.mjs <<'JS'
import { createServer } from 'node:http';
const piece = text => `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] })}\n\n`;
const before = { nothing: '', 'comment line': ': keep-alive\n', id: 'id: 2\n', 'comment block': ': keep-alive\n\n' };
const expected = { nothing: 'one two three', 'comment line': 'one three', id: 'one three', 'comment block': 'one two three' };
const server = createServer((request, response) => {
  const what = decodeURIComponent(request.url.split('/')[1]);
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.end(piece('one') + before[what] + piece(' two') + piece(' three'));
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
let changed = false;
for (const name of ['@google/genai', 'genai-3']) {
  const { GoogleGenAI } = await import(name);
  for (const what of Object.keys(before)) {
    const baseUrl = `http://127.0.0.1:${server.address().port}/${encodeURIComponent(what)}`;
    const client = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl } });
    let text = '';
    for await (const part of await client.models.generateContentStream({ model: 'm', contents: 'x' })) text += part.text;
    console.log(`${name}: before the second piece ${what}: "${text}"`);
    changed ||= text !== expected[what];
  }
}
if (changed) console.log('that is not what was seen before');
process.exit(changed ? 1 : 0);
JS
node --no-warnings probe.mjs
