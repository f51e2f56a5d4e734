#!/usr/bin/env bash
# npm's openai 6.30.1 and 7.59.0 end a stream without an error where it has no [DONE], and where the answer is a web page.
#
# A stream that ends properly but too early (a proxy with a time limit, a server that restarts and closes politely) looks
# like a complete answer: the loop ends, no finish_reason came, nothing throws. A 200 with Content-Type text/html, as a
# captive portal or a wrong base URL gives it, is an answer of no chunks at all. Only a cut connection is an error.
#
# Why it matters: a server that must not complete an answer has to cut the connection (no last chunk) or send an event
# with "error" in it; to end the body tells the client that all is well. A client has to look for finish_reason.
#
# Needs Node 18 or later, and npm. (openai 7 asks for Node 22 but runs on 18.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts openai@6.30.1 openai-7@npm:openai@7.59.0 >&2
cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: 'half of ' }, finish_reason: null }] };
const server = createServer((request, response) => {
  if (request.url.startsWith('/page')) return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Log in first.</p>');
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`data: ${JSON.stringify(chunk)}\n\n`);
  setTimeout(() => (request.url.startsWith('/end') ? response.end() : response.socket.destroy()), 50);
}).listen(0, '127.0.0.1', async () => {
  const expected = { end: '1 chunks, no error', page: '0 chunks, no error', cut: '1 chunks, an error' };
  let changed = false;
  for (const name of ['openai', 'openai-7']) {
    const { OpenAI } = require(name);
    for (const what of Object.keys(expected)) {
      const client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${server.address().port}/${what}` });
      let chunks = 0;
      let end = 'no error';
      try {
        for await (const part of await client.chat.completions.create({ model: 'm', messages: [], stream: true })) chunks += part ? 1 : 0;
      } catch { end = 'an error'; }
      console.log(`${name} ${what}: ${chunks} chunks, ${end}`);
      changed ||= `${chunks} chunks, ${end}` !== expected[what];
    }
  }
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
