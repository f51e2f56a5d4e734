#!/usr/bin/env bash
# An id without data is forgotten by half of the EventSources in use.
#
# WHATWG HTML, 9.2.6: at a blank line the last event ID is set first, and only then a block with an empty data buffer is
# dropped. So "id: A" alone in a block should come back as Last-Event-ID: A. It does with Chromium, undici and eventsource 5,
# and it does not with Firefox ESR 153, eventsource 3.0.7, eventsource-client 1.2.0 and launchdarkly-eventsource 2.2.0.
#
# Why it matters: a server that tells a client its place with an id alone ("checkpoint") loses events in silence when that
# client is cut off before its first event. With a named event around it ("event: checkpoint", "data: {}") all keep it, and
# no onmessage handler sees it.
#
# Needs Node 18 or later, npm, and for the Firefox row firefox-esr (apt-get install firefox-esr).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts eventsource@3.0.7 eventsource-client@1.2.0 \
    launchdarkly-eventsource@2.2.0 undici@6.29.1 puppeteer-core@24.43.1 >&2
cat >probe.cjs <<'JS'
const { createServer } = require('node:http');
const { existsSync } = require('node:fs');
const blocks = { alone: 'id: A\n\n', named: 'id: A\nevent: checkpoint\ndata: {}\n\n' };
const seen = {}; // the Last-Event-ID of the second request, by path
const server = createServer((request, response) => {
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end('<!doctype html>');
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (request.url in seen) {
    if (seen[request.url] === null) seen[request.url] = request.headers['last-event-id'] ?? 'nothing';
    return response.write(':\n');
  }
  seen[request.url] = null;
  response.end('retry: 100\ndata: first\n\n' + blocks[request.url.split('/')[2]]); // and the client comes back
});
const native = EventSource => url => new EventSource(url);
const clients = {
  'undici 6.29.1': [native(require('undici').EventSource), 'A'],
  'eventsource 3.0.7': [native(require('eventsource').EventSource), 'nothing'],
  'eventsource-client 1.2.0': [url => require('eventsource-client').createEventSource({ url }), 'nothing'],
  'launchdarkly-eventsource 2.2.0': [url => new (require('launchdarkly-eventsource').EventSource)(url).on('error', () => {}), 'nothing'],
};
server.listen(0, '127.0.0.1', async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  let browser;
  if (existsSync('/usr/bin/firefox-esr')) {
    browser = await require('puppeteer-core').launch({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true });
    const page = await browser.newPage();
    await page.goto(base);
    clients[await browser.version()] = [url => page.evaluate(address => { new EventSource(address); }, url), 'nothing'];
  } else {
    console.log('firefox-esr is not installed: not tried');
  }
  let changed = false;
  for (const [name, [open, alone]] of Object.entries(clients)) {
    for (const [how, expected] of [['alone', alone], ['named', 'A']]) {
      const path = `/${encodeURIComponent(name)}/${how}`;
      open(base + path);
      for (let waited = 0; !seen[path] && waited < 10_000; waited += 20) await new Promise(resolve => setTimeout(resolve, 20));
      console.log(`${name}: id ${how === 'alone' ? 'alone' : 'with a named event'}: comes back with ${seen[path]}`);
      changed ||= seen[path] !== expected;
    }
  }
  await browser?.close();
  if (changed) console.log('that is not what was seen before');
  process.exit(changed ? 1 : 0);
});
JS
node --no-warnings probe.cjs
