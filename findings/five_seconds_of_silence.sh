#!/usr/bin/env bash
# launchdarkly-eventsource 2.2.0 hangs up after five seconds of silence on Node 19 and later, though no timeout was set.
#
# Its readTimeoutMillis is off by default. But since Node 19 the global http agent gives each socket a timeout of 5 s (it
# is meant for idle connections that are kept), and this package takes the request's 'timeout' event for its own: it fails
# with "Read timeout, received no data in undefinedms" and reconnects. On Node 18 it stays.
#
# Why it matters: the keep-alives of most servers come each 15 s or more, so each quiet client reconnects every 6 s: ten
# requests a minute each, and whatever a server does without Last-Event-ID is done over and over. Clients help themselves
# with an agent of their own, new http.Agent({ keepAlive: true }).
#
# Needs npm and Node 18 or later; it tries the one it finds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts launchdarkly-eventsource@2.2.0 >&2
cat >probe.cjs <<'JS'
const { Agent, createServer } = require('node:http');
const { EventSource } = require('launchdarkly-eventsource');
const asked = {};
const server = createServer((request, response) => {
  asked[request.url] = (asked[request.url] ?? 0) + 1;
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n'); // and then nothing
}).listen(0, '127.0.0.1', async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  const said = [];
  new EventSource(`${base}/default`).on('error', ({ message }) => said.push(message));
  new EventSource(`${base}/agent`, { agent: new Agent({ keepAlive: true }) }).on('error', () => {});
  await new Promise(resolve => setTimeout(resolve, 8000));
  console.log(`Node ${process.version}: by default asked ${asked['/default']} times in 8 s (${said}); with an agent ${asked['/agent']}`);
  const expected = Number(process.versions.node.split('.')[0]) >= 19 ? 2 : 1;
  const changed = asked['/default'] !== expected || asked['/agent'] !== 1;
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
