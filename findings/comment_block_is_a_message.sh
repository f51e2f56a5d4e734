#!/usr/bin/env bash
# @microsoft/fetch-event-source 2.0.1 makes a message of every blank line, also where nothing but a comment or retry: came.
#
# WHATWG HTML, 9.2.6: a block with an empty data buffer dispatches nothing, and the format's own example of a keep-alive is
# a comment with a blank line behind it. This client calls onmessage with empty data there; so it does for "retry: 100" alone
# and for an id alone. A comment without a blank line is harmless.
#
# Why it matters: handlers do JSON.parse(event.data), which throws; an error in the handler ends the connection and the
# client reconnects, to the next keep-alive. Servers should send ":" LF and no blank line.
#
# Needs Node 18 or later, and npm.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @microsoft/fetch-event-source@2.0.1 >&2
cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
globalThis.window = globalThis; // it is for browsers, and asks little of them
globalThis.document = { addEventListener() {}, removeEventListener() {} };
const { fetchEventSource } = require('@microsoft/fetch-event-source');
const streams = { '/comment-line': ':\n', '/comment-block': ':\n\n', '/retry-block': 'retry: 100\n\n', '/id-block': 'id: 1\n\n' };
const expected = { '/comment-line': ['"x"'], '/comment-block': ['""', '"x"'], '/retry-block': ['""', '"x"'], '/id-block': ['""', '"x"'] };
const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`${streams[request.url]}data: x\n\n`);
}).listen(0, '127.0.0.1', async () => {
  let changed = false;
  for (const path of Object.keys(streams)) {
    const messages = [];
    await fetchEventSource(`http://127.0.0.1:${server.address().port}${path}`, {
      openWhenHidden: true, onmessage: ({ data }) => messages.push(JSON.stringify(data)),
    });
    console.log(`${JSON.stringify(`${streams[path]}data: x\n\n`)}: messages ${messages.join(', ')}`);
    changed ||= String(messages) !== String(expected[path]);
  }
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
