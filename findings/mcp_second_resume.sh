#!/usr/bin/env bash
# The MCP SDK (@modelcontextprotocol/sdk 1.32.2) resumes once: after a resumed stream without an id it comes back as new.
#
# Its StreamableHTTPClientTransport keeps the last event ID per connection and not per client. It reconnects with the id that
# the broken connection brought; where that connection itself had been resumed and was cut before an event with an id,
# there is none, and the next request has no Last-Event-ID at all. EventSource keeps the id until another comes.
#
# Why it matters: two cuts in a row (a train, a restart behind a proxy) lose all that was published since. A server that
# repeats the place where a stream begins, as an event with id and data, at the head of every stream is safe.
#
# Needs Node 18 or later, and npm.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @modelcontextprotocol/sdk@1.32.2 >&2
cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');
const came = { '/once': [], '/each': [] };
const server = createServer((request, response) => {
  const ids = came[request.url];
  ids.push(request.headers['last-event-id'] ?? 'nothing');
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const place = 'id: 7\nevent: place\ndata: {}\n\n';
  response.write('retry: 50\n' + (request.url === '/each' || ids.length === 1 ? place : 'event: other\ndata: {}\n\n'));
  if (ids.length < 3) setTimeout(() => response.socket.destroy(), 50);
}).listen(0, '127.0.0.1', async () => {
  for (const path of Object.keys(came)) {
    const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${server.address().port}${path}`));
    await transport.start();
    await transport.resumeStream('');
    for (let waited = 0; came[path].length < 3 && waited < 10_000; waited += 20) await new Promise(resolve => setTimeout(resolve, 20));
  }
  console.log(`id 7 in the first stream only: it came with ${came['/once'].join(', ')}`);
  console.log(`id 7 in each stream: it came with ${came['/each'].join(', ')}`);
  const changed = String(came['/once']) !== 'nothing,7,nothing' || String(came['/each']) !== 'nothing,7,7';
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
