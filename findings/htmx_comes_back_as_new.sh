#!/usr/bin/env bash
# htmx-ext-sse 2.2.4 comes back after 204 and every other status, and then without the last event ID.
#
# EventSource is ended by 204 (WHATWG HTML, 9.2.3), a server's way to say that nothing more will come. This extension sees
# the closed EventSource and makes a new one half a second later. A new one knows no id: what was published meanwhile is
# not sent again, and a server that replays to new clients sends everything again.
#
# Why it matters: a stream that is over is asked for by each such page for as long as it is open, and a 503 of one second
# costs events. Only the attribute sse-close, which names an event that ends the stream, stops it.
#
# Needs Node 18 or later, npm, and chromium (apt-get install chromium).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts htmx.org@2.0.11 htmx-ext-sse@2.2.4 playwright-core@1.60.0 >&2
cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const script = { '/htmx.js': 'htmx.org/dist/htmx.js', '/sse.js': 'htmx-ext-sse/dist/sse.js' };
const page = '<!doctype html><script src="/htmx.js"></script><script src="/sse.js"></script>'
  + '<body hx-ext="sse"><p sse-connect="/stream/204" sse-swap="message"></p><p sse-connect="/stream/503" sse-swap="message"></p>';
const came = { '/stream/204': [], '/stream/503': [] };
const server = createServer((request, response) => {
  if (request.url in script) return response.setHeader('Content-Type', 'text/javascript').end(readFileSync(`node_modules/${script[request.url]}`));
  if (!(request.url in came)) return response.setHeader('Content-Type', 'text/html').end(page);
  const ids = came[request.url];
  ids.push(request.headers['last-event-id'] ?? 'nothing');
  if (ids.length > 1) return response.writeHead(Number(request.url.split('/')[2])).end();
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('retry: 100\nid: 7\ndata: x\n\n');
}).listen(0, '127.0.0.1', async () => {
  const browser = await require('playwright-core').chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  await (await browser.newPage()).goto(`http://127.0.0.1:${server.address().port}/`);
  await new Promise(resolve => setTimeout(resolve, 4500));
  await browser.close();
  let changed = false;
  for (const [path, ids] of Object.entries(came)) {
    console.log(`${path}: asked ${ids.length} times in 4.5 s, with the ids ${ids.join(', ')}`);
    changed ||= ids.length < 4 || String(ids.slice(0, 4)) !== 'nothing,7,nothing,nothing';
  }
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
