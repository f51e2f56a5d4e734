// The page of the hub program in Chromium: node hub_page.mjs HUB CHROMIUM PACKAGES
// It leaves pictures of the page beside the packages.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { accessible, desktop, in_state, open_page, phone, text } from './page.mjs';
import { assert, run, serve, sleep, test, until } from './support.mjs';

const [program, chromium, directory] = process.argv.slice(2);
const browser = await launch(chromium, directory);
const picture = name => join(directory, '..', `${name}.png`);
const refusals = /the server responded with a status of (4\d\d|503)/; // Chromium says it when the page is told so

/// Runs `body` with the page of a hub that is started with these options; the address says what to watch.
const with_page = async (body, { window = desktop, topics = '', args = [] } = {}) =>
  open_page(browser, window, await serve(program, ...args), body, { path: topics && `/#${topics}`, expected: refusals });

const publish = (server, topic, body, query = '') =>
  fetch(`${server.url}/topics/${topic}${query}`, { method: 'POST', body });

/// The newest events in the log, the oldest first, once there are `count`.
async function events(page, count) {
  const rows = page.locator('#log li.event');
  await until(async () => await rows.count() >= count, `${count} events`);
  return (await rows.locator('.data').allInnerTexts()).reverse();
}
const notes = async page => (await page.locator('#log li.note').allInnerTexts()).reverse();
const noted = (page, what) => until(async () => (await notes(page)).some(note => what.test(note)), `a note of ${what}`);

async function fill(page, values) {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value);
}
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const said = (page, what) => until(async () => what.test(await text(page, '#published')), `the page to say ${what}`);

/// What is in the table, by the names of the topics.
const table = page => page.evaluate(() => {
  const names = [...document.querySelectorAll('#columns th')].map(cell => cell.textContent);
  const rows = [...document.querySelectorAll('tbody tr, tfoot tr')].filter(({ cells }) => cells.length > 0);
  return Object.fromEntries(rows.map(({ cells }) =>
    [cells[0].innerText, Object.fromEntries(names.map((name, i) => [name, cells[i].innerText]).slice(1))]));
});

test('it is idle, and says that there are no topics yet', () => with_page(async page => {
  const nothing = page.locator('#log').evaluate(log => getComputedStyle(log, '::after').content);
  assert.match(await nothing, /Nothing yet/);
  assert.equal(await text(page, '#state'), 'idle');
  assert.match(await text(page, '#more'), /None yet/);
  await press(page, 'Watch');
  assert.match(await text(page, '#detail'), /Name a topic/);
  await accessible(page, directory);
}));

test('on a phone its empty box says so, too', () => with_page(async page => {
  const log = page.locator('#log');
  assert.match(await log.evaluate(box => getComputedStyle(box, '::after').content), /Nothing yet/);
  assert.ok((await log.boundingBox()).height >= 40);
  await accessible(page, directory);
}, { window: phone }));

test('what the page publishes, it sees', () => with_page(async page => {
  await fill(page, { 'Topics to watch': 'news' });
  await press(page, 'Watch');
  await in_state(page, 'live');
  assert.equal(await page.getByLabel('Topic to publish to').inputValue(), 'news');
  await fill(page, { Data: 'Hello,\n  World!' });
  await press(page, 'Publish');
  await said(page, /^Published as [0-9a-f]{12}-1\.$/);
  await fill(page, { Data: '<b>Rain</b>', 'Event type': 'alarm', Id: '7 b' });
  await press(page, 'Publish');
  await said(page, /^Published as 7 b\.$/);
  assert.deepEqual(await events(page, 2), ['Hello,\n  World!', '<b>Rain</b>']);
  const [newest] = await page.locator('#log li.event').allInnerTexts();
  assert.match(newest, /^\d\d:\d\d:\d\d\s+alarm\s+7 b\s/);
  assert.equal(await text(page, '#count'), '2');
  assert.equal(await text(page, '#last-id'), '7 b');
  await until(async () => /^\d\.\d s$/.test(await text(page, '#since')), 'the time since the last event');
}));

test('a refusal is told with its reason, and the next attempt anew', () => with_page(async (page, server) => {
  await publish(server, 'news', 'x', '?id=7');
  await fill(page, { 'Topic to publish to': 'news', Id: '7', Data: 'y' });
  await press(page, 'Publish');
  await said(page, /^409 Conflict: an event of the topic has this id already$/);
  assert.equal(await page.locator('#published.bad').count(), 1);
  await fill(page, { Id: '' });
  await page.getByLabel('Data').press('Control+Enter');
  await said(page, /^Published as/);
  assert.equal(await page.locator('#published.bad').count(), 0);
}));

test('it publishes JSON, and says what is wrong with it', () => with_page(async (page, server) => {
  await in_state(page, 'live');
  await page.getByLabel('JSON').check();
  assert.equal(await page.getByLabel('Event type').isVisible(), false);
  const body = page.locator('#body');
  assert.match(await body.inputValue(), /^\{"event": /);
  await body.fill('{"data": 1}');
  await press(page, 'Publish');
  await said(page, /^400 Bad Request: the member 'data' is no string$/);
  await body.fill('{"id": "j", "data": "from JSON"}');
  await press(page, 'Publish');
  await said(page, /^Published as j\.$/);
  assert.deepEqual(await events(page, 1), ['from JSON']);
  await page.getByLabel('text', { exact: true }).check();
  assert.equal(await page.getByLabel('Event type').isVisible(), true);
  assert.equal(await body.inputValue(), '');
}, { topics: 'news' }));

test('several topics on one stream; each event tells its own', () => with_page(async (page, server) => {
  await in_state(page, 'live');
  for (const topic of ['b', 'a', 'c', 'a']) await publish(server, topic, `of ${topic}`);
  await events(page, 4);
  const rows = await page.locator('#log li.event').evaluateAll(list =>
    list.map(row => [row.querySelector('.topic').innerText, row.querySelector('.data').innerText]));
  assert.equal(rows.length, 4);
  for (const [topic, data] of rows) assert.equal(data, `of ${topic}`);
}, { topics: 'a,b,c' }));

test('history comes, unless it is not wanted', () => with_page(async (page, server) => {
  for (const n of [1, 2, 3]) await publish(server, 'news', `${n}`);
  await page.getByLabel('Topics to watch').fill(' news , ');
  await press(page, 'Watch');
  assert.deepEqual(await events(page, 3), ['1', '2', '3']);
  await page.getByLabel('with history').uncheck();
  await press(page, 'Watch');
  await in_state(page, 'live');
  await publish(server, 'news', '4');
  assert.deepEqual(await events(page, 4), ['1', '2', '3', '4']);
}));

test('paused, it misses nothing', () => with_page(async (page, server) => {
  await in_state(page, 'live');
  await publish(server, 'news', '1');
  await events(page, 1);
  await press(page, 'Pause');
  await in_state(page, 'paused');
  await publish(server, 'news', '2');
  await sleep(200);
  assert.equal(await text(page, '#count'), '1');
  await press(page, 'Resume');
  await in_state(page, 'live');
  assert.deepEqual(await events(page, 2), ['1', '2']);
  assert.equal(await text(page, '#gaps'), '0');
}, { topics: 'news' }));

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`after a restart by ${signal} it is back, and tells of the gap`, () => with_page(async (page, server) => {
    await in_state(page, 'live');
    await publish(server, 'news', 'before');
    await events(page, 1);
    await server.end(signal);
    await in_state(page, 'reconnecting');
    const again = await serve(program, '--port', server.port);
    await publish(again, 'news', 'after');
    await in_state(page, 'live');
    assert.deepEqual(await events(page, 2), ['before', 'after']);
    await noted(page, /connection lost/);
    await noted(page, /gap: unknown_epoch – the topic is not the one that it was/);
    assert.equal(await text(page, '#gaps'), '1');
    if (signal === 'SIGTERM') await page.screenshot({ path: picture('hub-gap') });
    await accessible(page, directory);
    await again.end('SIGKILL');
  }, { topics: 'news' }));
}

test('away for too long, it says how many events are gone', () => with_page(async (page, server) => {
  await in_state(page, 'live');
  await publish(server, 'news', '0');
  await events(page, 1);
  await press(page, 'Pause');
  for (const n of [1, 2, 3, 4, 5]) await publish(server, 'news', `${n}`);
  await press(page, 'Resume');
  assert.deepEqual(await events(page, 3), ['0', '4', '5']);
  await noted(page, /gap: trimmed – 3 events have left the log/);
}, { topics: 'news', args: ['--keep-events', '2'] }));

test('a stream that is refused says why', () => with_page(async page => {
  await in_state(page, 'refused');
  await noted(page, /refused: 400 Bad Request: there are more than eight topics/);
  await accessible(page, directory);
  assert.equal(await page.getByRole('button', { name: 'Pause' }).isDisabled(), true);
  await page.getByLabel('Topics to watch').fill('a');
  await press(page, 'Watch');
  await in_state(page, 'live');
}, { topics: 'a,b,c,d,e,f,g,h,i' }));

test('the table is kept up to date, and chooses what is watched', () => with_page(async (page, server) => {
  await publish(server, 'b', 'x'.repeat(2000));
  await publish(server, 'a', 'x');
  await until(async () => (await table(page)).a?.published === '1', 'the topics in the table');
  const { a, b, 'All together': all } = await table(page);
  assert.deepEqual({ ...a, bytes: 0 },
    { subscribers: '0', events: '1', bytes: 0, published: '1', delivered: '0', dropped: '0', gaps: '0', disconnected: '0' });
  assert.match(b.bytes, /^2\.0 KiB$/);
  assert.equal(all.published, '2');
  await press(page, 'a');
  await in_state(page, 'live');
  await until(async () => (await table(page)).a.subscribers === '1', 'the page among the subscribers');
  await press(page, 'b');
  await until(async () => (await table(page)).b.subscribers === '1', 'the page at both topics');
  assert.equal(new URL(page.url()).hash, '#a,b');
  assert.equal(await page.getByRole('button', { name: 'b', exact: true }).getAttribute('aria-pressed'), 'true');
  await press(page, 'a');
  await until(async () => (await table(page)).a.subscribers === '0', 'the page to have left one');
}));

test('of many topics, the table shows the first', () => with_page(async (page, server) => {
  for (let n = 1000; n < 1205; ++n) await publish(server, `t${n}`, 'x');
  await until(async () => await text(page, '#more') === 'And 5 more.', 'the rest to be counted');
  assert.equal(await page.locator('tbody tr').count(), 200);
  await Promise.all(Array.from({ length: 800 }, (_, n) => publish(server, `u${n}`, 'x')));
  await until(async () => await text(page, '#more') === 'And more than 800 more.', 'what is beyond a page of the list');
}));

test('a burst, and events that are large, do not stop it', () => with_page(async (page, server) => {
  await in_state(page, 'live');
  await publish(server, 'news', 'x'.repeat(1_000_000));
  await publish(server, 'news', '\n'.repeat(100_000));
  assert.match((await events(page, 1))[0], /^x{2000} … and 998000 characters more$/);
  for (let n = 0; n < 300; ++n) await publish(server, 'news', `${n}`);
  await until(async () => await text(page, '#count') === '302', 'all of them');
  await sleep(100);
  const shown = await events(page, 100);
  assert.deepEqual(shown, Array.from({ length: 100 }, (_, i) => `${200 + i}`));
}, { topics: 'news' }));

test("curl's lines do what the page does", () => with_page(async (page, server) => {
  await in_state(page, 'live');
  const sh = async (place, more = '') => execFileSync('sh', ['-c', (await text(page, place)).replace(/^curl/, `curl -s ${more}`)]);
  await fill(page, { 'Topic to publish to': `it's`, 'Event type': 'a b&c', Data: `'"$(false)\\ & ž` });
  await press(page, 'Publish');
  await said(page, /^Published/);
  await sh('#publish-shell');
  await page.getByLabel('JSON').check();
  await press(page, 'Publish');
  await said(page, /^Published as [^.]*-3\.$/);
  await sh('#publish-shell');
  const [first, second, third, fourth] = await events(page, 4);
  assert.equal(first, `'"$(false)\\ & ž`);
  assert.deepEqual([second, fourth], [first, third]);
  const heard = execFileSync('sh', ['-c', `timeout 1 ${await text(page, '#watch-shell')} -s || true`]).toString();
  assert.equal(heard.split('event: a b&c\n').length, 3, heard);
}, { topics: encodeURIComponent(`it's`) }));

test("Chromium's own EventSource goes on by the combined id, and is told of the gap", () => with_page(async (page, server) => {
  await page.evaluate(() => new Promise(resolve => {
    globalThis.told = [];
    const source = new EventSource('/topics/a,b');
    for (const type of ['message', 'gap']) source.addEventListener(type, event => told.push([type, event.data]));
    source.onopen = resolve;
  }));
  const told = count => until(() => page.evaluate(n => told.length >= n && told, count), `${count} events`);
  await publish(server, 'a', '1');
  await publish(server, 'b', '2');
  assert.deepEqual(await told(2), [['message', '1'], ['message', '2']]);
  await server.end();
  const again = await serve(program, '--port', server.port);
  await publish(again, 'b', '3');
  const gap = ['gap', '{"reason":"unknown_epoch"}'];
  assert.deepEqual((await told(5)).slice(2).sort(), [gap, gap, ['message', '3']]);
  await again.end('SIGKILL');
}));

/// What a hub may look like after a while.
async function live_through(page, server) {
  await in_state(page, 'live');
  const said_there = [
    ['weather', 'Rain from the west, later.'], ['trains', 'S3 to Harbour: platform 2', 'alarm'], ['weather', '12.5 °C'],
    ['trains', '{"line": "S3", "delay": 4}', 'delay'], ['news', 'The library opens at nine.'], ['weather', 'Rain, now.', 'alarm'],
  ];
  for (const [topic, data, type] of said_there) await publish(server, topic, data, type ? `?event=${type}` : '');
  await events(page, 5);
  await fill(page, { 'Topic to publish to': 'weather', 'Event type': 'alarm', Data: 'Rain, still.' });
  await press(page, 'Publish');
  await events(page, 6);
  await until(async () => (await table(page)).weather?.delivered === '4', 'the table to know');
}

/// The hub is asked for a stream of `news`: it answers with these, one after the other, and then as it is.
async function with_streams(bodies, body) {
  const asked = [];
  await with_page(async page => {
    await page.route('**/topics/news*', route => {
      asked.push(performance.now());
      const next = bodies[Math.min(asked.length, bodies.length) - 1];
      return next === undefined ? route.continue() : route.fulfill({ contentType: 'text/event-stream', body: next });
    });
    await page.getByLabel('Topics to watch').fill('news');
    await press(page, 'Watch');
    await body(page, asked);
  });
}

test('no event that cannot be read ends the stream', () => {
  const bad = ['no JSON', 'null', '[1]', '{"reason": {}}', '{'].map(data => `event: gap\ndata: ${data}\n\n`).join('');
  return with_streams([`retry: soon\n${bad}event: refused\ndata: no JSON\n\nid: 7\ndata: after\n\n`, undefined], async page => {
    assert.deepEqual(await events(page, 1), ['after']);
    assert.equal(await text(page, '#gaps'), '5');
    await noted(page, /gap: no JSON/);
    await in_state(page, 'live');
  });
});

test("a stream's retry is heeded within bounds", () =>
  with_streams([...Array(3).fill('retry: 0\nid: 7\ndata: x\n\n'), 'retry: 2073600000\nid: 8\ndata: y\n\n'], async (page, asked) => {
    await events(page, 4);
    await until(async () => await text(page, '#detail') === 'No connection. Tries again in 60 s.', 'the bound from above');
    assert.equal(asked.length, 4);
    const waits = asked.slice(1).map((at, i) => at - asked[i]);
    for (const wait of waits) assert.ok(wait > 490, `it came back after ${wait} ms`);
  }));

test('it comes back more and more seldom where nothing comes', () =>
  with_streams(['retry: 500\n:\n'], async (page, asked) => {
    await until(() => asked.length === 4, 'four attempts');
    const waits = asked.slice(1).map((at, i) => at - asked[i]);
    waits.forEach((wait, i) => assert.ok(wait > 490 * 2 ** i, `it came back after ${waits} ms`));
  }));

test('a refusal for now is told, and the page comes back', () => {
  const refusal = 'retry: 500\nevent: refused\ndata: {"status":503,"reason":"There are too many subscribers."}\n\n';
  return with_streams([refusal, undefined], async page => {
    await noted(page, /refused for now: There are too many subscribers\./);
    await in_state(page, 'live');
  });
});

for (const scheme of ['light', 'dark']) {
  test(`on a phone all is within reach, ${scheme}`, () => with_page(async (page, server) => {
    await live_through(page, server);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${wide} pixels wide`);
    for (const button of await page.getByRole('button').all()) {
      const { height, x, width } = await button.boundingBox();
      assert.ok(height >= 36 && x >= 0 && x + width <= seen, await button.innerText());
    }
    await accessible(page, directory);
    await page.screenshot({ path: picture(`hub-phone-${scheme}`), fullPage: true });
  }, { window: { ...phone, colorScheme: scheme }, topics: 'weather,trains' }));

  test(`on a desk, ${scheme}`, () => with_page(async (page, server) => {
    await live_through(page, server);
    const [dark, ground] = await page.evaluate(() => [matchMedia('(prefers-color-scheme: dark)').matches,
      getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)]);
    assert.equal(dark, scheme === 'dark');
    assert.equal(ground[0] < 128, dark, `the ground is ${ground}`);
    await accessible(page, directory);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: picture(`hub-desktop-${scheme}`), fullPage: true });
  }, { window: { ...desktop, colorScheme: scheme }, topics: 'weather,trains' }));
}

test('a change of the state is announced, and every field has its name', () => with_page(async page => {
  assert.equal(await page.locator('#state').getAttribute('aria-live'), 'polite');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  const nameless = await page.evaluate(() => [...document.querySelectorAll('input, textarea')].filter(field => !field.labels[0]?.innerText).length);
  assert.equal(nameless, 0);
}));

await run();
