#!/usr/bin/env bash
# Chromium's EventSource takes a temporary redirect for permanent: it never asks the first URL again.
#
# RFC 9110, 15.4.3 and 15.4.8: the client ought to use the first URL for later requests. But Chromium 156 and undici 6.29.1
# go straight to the target of a 302 or 307 each time they come back, for as long as the page lives. Firefox ESR 153,
# Deno 2.9.6, eventsource 3.0.7 and undici 8.13.1 ask the first URL again.
#
# Why it matters: a balancer that sends streams to one of several servers by a redirect cannot move a Chromium page any
# more: when that server goes away the page stays with it, and reconnects to nothing.
#
# Needs Node 18 or later, npm, and chromium (apt-get install chromium).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.60.0 undici@6.29.1 eventsource@3.0.7 >&2
cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
const asked = {}; // by client, the addresses in their order
const server = createServer((request, response) => {
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end('<!doctype html>');
  const [, where, name] = request.url.split('/');
  if (!name) return response.writeHead(404).end(); // the page's icon
  (asked[name] ??= []).push(where);
  if (where === 'first') return response.writeHead(307, { Location: `/second/${name}` }).end();
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('retry: 100\ndata: x\n\n');
}).listen(0, '127.0.0.1', async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  const browser = await require('playwright-core').chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.goto(base);
  await page.evaluate(url => { new EventSource(url); }, `${base}/first/chromium`);
  new (require('undici').EventSource)(`${base}/first/undici`);
  new (require('eventsource').EventSource)(`${base}/first/eventsource`);
  await new Promise(resolve => setTimeout(resolve, 3000));
  await browser.close();
  const times = name => asked[name].filter(where => where === 'first').length;
  for (const name of Object.keys(asked)) console.log(`${name}: ${asked[name].slice(0, 6).join(', ')}, ...`);
  const changed = times('chromium') !== 1 || times('undici') !== 1 || times('eventsource') < 3;
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
