// The page of the ticks program in Chromium: node ticks_page.mjs TICKS CHROMIUM PACKAGES
// It leaves pictures of the page beside the packages.
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { accessible, desktop, in_state, open_page, phone, text } from './page.mjs';
import { assert, run, serve, sleep, test, until } from './support.mjs';

const [program, chromium, directory] = process.argv.slice(2);
const browser = await launch(chromium, directory);
const picture = name => join(directory, '..', `${name}.png`);

/// Runs `body` with the page of a server that ticks at this interval.
const with_page = async (window, interval, body) =>
  open_page(browser, window, await serve(program, '--interval', interval), body);

const state = page => text(page, '#state');
const count = async page => Number(await text(page, '#count'));
const ticks_come = (page, wanted) => until(async () => await count(page) >= wanted, `${wanted} ticks`);

/// The numbers in the log, the oldest first.
const logged = async page => (await page.locator('#log li.tick b').allInnerTexts()).map(Number).reverse();

/// That the ticks in the log follow each other, from 1 to at least `wanted`, and the page has noticed no gap either.
async function no_gap(page, wanted) {
  await ticks_come(page, wanted);
  const numbers = await logged(page);
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1));
  assert.equal(await text(page, '#missed'), '0');
}

test('ticks appear, and the state is live', () => with_page(desktop, '100ms', async page => {
  await in_state(page, 'live');
  await no_gap(page, 5);
  const [newest, id] = [await text(page, '#tick'), await text(page, '#last-id')].map(Number);
  assert.ok(newest >= 5 && id >= newest);
  assert.match(await text(page, '#since'), /^0\.\d s$/);
  assert.match(await page.title(), /^\d+ · Ticks$/);
}));

test('it is live before the first tick', () => with_page(desktop, '1h', async page => {
  await in_state(page, 'live');
  assert.equal(await count(page), 0);
  assert.equal(await text(page, '#last-id'), 'none yet');
}));

test('the button drops the connection, which resumes by itself after three seconds', () => with_page(desktop, '100ms', async page => {
  await ticks_come(page, 3);
  const asked = page.waitForRequest(/\/ticks\?/);
  await page.getByRole('button', { name: 'Drop and resume' }).click();
  await in_state(page, 'stopped');
  const before = await count(page);
  const begin = Date.now();
  await sleep(500);
  assert.equal(await count(page), before, 'it is really dropped');
  await in_state(page, 'live');
  assert.ok(Date.now() - begin > 2500, `after ${Date.now() - begin} ms`);
  assert.equal(new URL((await asked).url()).searchParams.get('lastEventId'), String(before));
  await no_gap(page, before + 4);
  const notes = await page.locator('#log li.note').allInnerTexts();
  assert.match(notes[0], new RegExp(`back after ${before}, none missed`));
  assert.match(notes[1], /dropped by you/);
}));

test('pressed again, it resumes at once; the keyboard does it too', () => with_page(desktop, '100ms', async page => {
  await ticks_come(page, 2);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await in_state(page, 'stopped');
  const before = await count(page);
  const begin = Date.now();
  assert.equal(await page.getByRole('button').innerText(), 'Resume now');
  await page.keyboard.press('Enter');
  await in_state(page, 'live');
  assert.ok(Date.now() - begin < 1500, `after ${Date.now() - begin} ms`);
  assert.equal(await page.getByRole('button').innerText(), 'Drop and resume');
  await no_gap(page, before + 3);
}));

test('dropped before the first tick, it begins with the first', () => with_page(desktop, '400ms', async page => {
  await in_state(page, 'live');
  await page.getByRole('button').click();
  await page.getByRole('button').click();
  await no_gap(page, 2);
}));

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`a server that is ended by ${signal} is reconnecting, and live again when it is back`, () =>
    with_page(desktop, '100ms', async (page, server) => {
      await ticks_come(page, 3);
      await server.end(signal);
      await in_state(page, 'reconnecting');
      const before = await count(page);
      const again = await serve(program, '--interval', '100ms', '--port', server.port);
      await in_state(page, 'live');
      await no_gap(page, before + 3);
      await again.end('SIGKILL');
    }));
}

test('a server that refuses has it stopped, and the button tries anew', () => with_page(desktop, '100ms', async page => {
  await ticks_come(page, 2);
  await page.route(/\/ticks/, route => route.fulfill({ status: 204 }));
  await page.getByRole('button').click();
  await page.getByRole('button').click();
  await until(async () => /refused/.test(await text(page, '#detail')), 'the refusal');
  assert.equal(await state(page), 'stopped');
  await page.unroute(/\/ticks/);
  const before = await count(page);
  await page.getByRole('button', { name: 'Resume' }).click();
  await in_state(page, 'live');
  await no_gap(page, before + 2);
}));

test('the log holds no more than fifty', () => with_page(desktop, '10ms', async page => {
  await ticks_come(page, 60);
  const numbers = await logged(page);
  assert.equal(await page.locator('#log li').count(), 50);
  assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + i));
}));

test('a change of the state is announced, the ticks are not', () => with_page(desktop, '100ms', async page => {
  assert.equal(await page.locator('#state').getAttribute('aria-live'), 'polite');
  assert.equal(await page.locator('#tick').getAttribute('aria-live'), 'off');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.equal(await page.getByRole('button').count(), 1);
}));

for (const scheme of ['light', 'dark']) {
  test(`on a phone all is within reach, ${scheme}`, () => with_page({ ...phone, colorScheme: scheme }, '100ms', async page => {
    await ticks_come(page, 12);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${wide} pixels wide`);
    const box = await page.getByRole('button').boundingBox();
    assert.ok(box.height >= 44 && box.y + box.height < phone.viewport.height, JSON.stringify(box));
    await accessible(page, directory);
    await page.screenshot({ path: picture(`ticks-phone-${scheme}`), fullPage: true });
  }));

  test(`on a desk all is in one window, ${scheme}`, () => with_page({ ...desktop, colorScheme: scheme }, '500ms', async page => {
    await ticks_come(page, 6);
    await page.getByRole('button').click();
    await in_state(page, 'stopped');
    await in_state(page, 'live');
    await ticks_come(page, 12);
    await page.mouse.move(0, 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
    const [dark, ground] = await page.evaluate(() => [matchMedia('(prefers-color-scheme: dark)').matches,
      getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)]);
    assert.equal(dark, scheme === 'dark');
    assert.equal(ground[0] < 128, dark, `the ground is ${ground}`);
    await accessible(page, directory);
    await page.screenshot({ path: picture(`ticks-desktop-${scheme}`) });
  }));
}

await run();
