#!/usr/bin/env bash
# @microsoft/fetch-event-source 2.0.1 takes a clean end for the last word, and 204, 401, 404, 500 for a reason to come back.
#
# It is the reverse of EventSource (WHATWG HTML, 9.2.3), which reconnects after the end of a stream and is ended by each
# status but 200. Here the status is not looked at at all: an answer counts by its Content-Type alone, and what is not
# text/event-stream is asked for again, each second and without end.
#
# Why it matters: a server that closes streams now and then (a deployment, a maximum age) never sees these clients again,
# and 204, the standard's way to say "nothing more will come", makes them ask for ever. Only an onopen, onclose or onerror
# of the program's own that throws changes that. A connection that is cut without the last chunk does bring them back.
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
const asked = {};
const server = createServer((request, response) => {
  const path = request.url;
  asked[path] = (asked[path] ?? 0) + 1;
  if (Number(path.slice(1))) return response.writeHead(Number(path.slice(1))).end();
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('retry: 100\ndata: x\n\n');
  setTimeout(() => (path === '/end' ? response.end() : response.socket.destroy()), 50);
}).listen(0, '127.0.0.1', async () => {
  const paths = ['/end', '/cut', '/204', '/401', '/404', '/500'];
  for (const path of paths) fetchEventSource(`http://127.0.0.1:${server.address().port}${path}`, { openWhenHidden: true });
  await new Promise(resolve => setTimeout(resolve, 4500));
  let changed = false;
  for (const path of paths) {
    console.log(`${path}: asked ${asked[path]} times in 4.5 s`);
    changed ||= path === '/end' ? asked[path] !== 1 : asked[path] < 3;
  }
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
