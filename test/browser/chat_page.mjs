// The page of the chat program in Chromium: node chat_page.mjs CHAT CHROMIUM PACKAGES
// It leaves pictures of the page beside the packages.
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { accessible, desktop, in_state, new_page, phone, text } from './page.mjs';
import { Proxy } from './proxy.mjs';
import { assert, run, serve, sleep, test, until } from './support.mjs';

const [program, chromium, directory] = process.argv.slice(2);
const browser = await launch(chromium, directory);
const picture = name => join(directory, '..', `${name}.png`);
const refusals = /Failed to load resource/; // Chromium says it when the page is told so
const grace = 5_000; // so long somebody may be away before he has left

/// Runs `body` with a server and what opens its page in a tab of its own. A complaint of any of them has it fail.
async function with_pages(body, ...args) {
  const server = await serve(program, ...args);
  const complaints = [];
  const pages = [];
  const open = async (url = server.url, window = desktop) => {
    const page = await new_page(browser, window, url, complaints, refusals);
    pages.push(page);
    await page.goto(url);
    await in_state(page, 'live');
    return page;
  };
  try {
    await body(open, server);
    assert.deepEqual(complaints, []);
  } finally {
    await Promise.all(pages.map(page => page.context().close()));
    await server.end('SIGKILL');
  }
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
const said = page => texts(page, '#log .said p');
const by = async page => (await texts(page, '#log .said .by b')).at(-1);
const notes = page => texts(page, '#log .note span');
const people = page => texts(page, '#people bdi');

async function reads(page, wanted, what = said) {
  let now;
  const same = async () => JSON.stringify(now = await what(page)) === JSON.stringify(wanted);
  await until(same, `${JSON.stringify(wanted)}`).catch(cause => { throw new Error(`${cause.message}: ${JSON.stringify(now)}`); });
}

async function say(page, words) {
  await page.getByRole('textbox', { name: 'Message' }).fill(words);
  await page.getByRole('button', { name: 'Send' }).click();
}
const delivered = page => until(async () =>
  await page.locator('.mine').count() === await page.locator('.mine[data-sent=sent]').count(), 'all to be delivered');

async function call(page, name) {
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await page.getByRole('button', { name: 'Save' }).click();
}

/// Says something as a user of its own, past the pages.
async function post(server, ...lines) {
  const stream = await fetch(`${server.url}/chat`);
  const reader = stream.body.getReader();
  const { value } = await reader.read();
  const [, id] = new TextDecoder().decode(value).match(/data: (\d+)/);
  for (const line of lines) await fetch(`${server.url}/chat/${id}`, { method: 'POST', body: line });
  await reader.cancel();
}

test('what one tab says appears in the other once, and in its own once', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  await say(one, 'Hello!');
  await reads(two, ['Hello!']);
  await say(two, 'Hello to you, too');
  await reads(one, ['Hello!', 'Hello to you, too']);
  await say(one, 'a line\nand another');
  await say(one, '  spaced  ');
  const all = ['Hello!', 'Hello to you, too', 'a line\nand another', '  spaced'];
  await reads(one, all);
  await reads(two, all);
  await delivered(one);
  await sleep(300);
  await reads(one, all);
  assert.deepEqual(await texts(one, '.said.mine p'), [all[0], all[2], all[3]]);
  assert.deepEqual(await texts(two, '.said.mine p'), [all[1]]);
  assert.equal(await by(two), 'User#1');
  assert.match(await two.locator('.by time').first().innerText(), /^\d\d:\d\d$/);
}));

test('HTML is text', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  const words = '<img src=x onerror="document.title=1"><b>bold</b> &amp; <User#9>: hi';
  await say(one, words);
  await reads(two, [words]);
  await reads(one, [words]);
  assert.equal(await two.locator('#log :is(img, p b)').count(), 0);
  assert.equal(await by(two), 'User#1');
}));

test('a page that is loaded anew has the history with its own, once, and nobody left', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  await say(one, 'mine');
  await reads(two, ['mine']);
  await say(two, 'yours');
  await reads(one, ['mine', 'yours']);
  await one.reload();
  await in_state(one, 'live');
  await reads(one, ['mine', 'yours']);
  assert.deepEqual(await texts(one, '.said.mine p'), ['mine']);
  assert.equal(await text(one, '#me'), 'You are User#1');
  assert.equal(await one.locator('.by time').count(), 0, 'when it was said is not known');
  await say(one, 'again');
  await reads(one, ['mine', 'yours', 'again']);
  await reads(two, ['mine', 'yours', 'again']);
  await sleep(grace + 500);
  assert.deepEqual(await notes(two), []);
  assert.deepEqual(await people(two), ['User#2', 'User#1']);
  await reads(one, ['mine', 'yours', 'again']);
}));

test('who comes later has the history, and no more than is kept', () => with_pages(async (open, server) => {
  await post(server, 'one', 'two', 'three', 'four', 'five');
  await reads(await open(), ['three', 'four', 'five']);
}, '--history', '3'));

test('people are listed, and told of', () => with_pages(async open => {
  const one = await open();
  await sleep(1100); // what comes at once may be old, and is not told
  const two = await open();
  await reads(one, ['User#1', 'User#2'], people);
  await reads(two, ['User#2', 'User#1'], people);
  assert.equal(await text(one, '#here-title'), '2 here');
  assert.equal(await text(one, '#people li:first-child'), 'User#1\nyou');
  await call(two, '  Ada  ');
  await reads(one, ['User#1', 'Ada'], people);
  await reads(two, ['Ada', 'User#1'], people);
  assert.equal(await text(two, '#me'), 'You are Ada');
  await say(two, 'I am Ada');
  await reads(one, ['I am Ada']);
  assert.equal(await by(one), 'Ada');
  await two.context().close();
  await reads(one, ['User#1'], people);
  assert.deepEqual(await notes(one), ['User#2 joined', 'User#2 is now Ada', 'Ada left']);
}));

test('a name stays with its tab, is refused if it is none, and told apart if it is taken', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  await call(one, 'Ada');
  await reads(one, ['Ada', 'User#2'], people);
  await one.reload();
  await in_state(one, 'live');
  assert.equal(await text(one, '#me'), 'You are Ada');
  await call(two, 'ada');
  await reads(one, ['Ada', 'ada#2'], people);
  for (const name of ['', 'x'.repeat(33), '<b>', 'User#1']) {
    await call(two, name);
    await until(async () => /^a name has /.test(await text(two, '#name-detail')), 'the refusal');
    assert.equal(await two.locator('#name').getAttribute('aria-invalid'), 'true');
    await two.locator('#name-detail').evaluate(e => { e.textContent = ''; });
  }
  await reads(one, ['Ada', 'ada#2'], people);
}));

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`a server that is ended by ${signal} and started again: all go on, and are told of the gap`, () =>
    with_pages(async (open, server) => {
      const [one, two] = [await open(), await open()];
      await call(one, 'Ada');
      await say(one, 'before');
      await reads(two, ['before']);
      await server.end(signal);
      await in_state(one, 'reconnecting');
      await say(one, 'meanwhile');
      const again = await serve(program, '--port', server.port);
      await in_state(one, 'live');
      await in_state(two, 'live');
      await reads(one, ['before', 'meanwhile']);
      await reads(two, ['before', 'meanwhile']);
      await delivered(one);
      await say(two, 'after');
      await reads(one, ['before', 'meanwhile', 'after']);
      await reads(two, ['before', 'meanwhile', 'after']);
      for (const page of [one, two]) {
        const gaps = (await texts(page, '.note.bad span'));
        assert.deepEqual(gaps, ['The server was restarted: some messages may be lost']);
        assert.equal((await people(page)).length, 2);
        assert.ok((await people(page)).includes('Ada'), 'the name is not lost');
      }
      await again.end('SIGKILL');
    }));
}

test('a tab that was offline gets what it missed, in order, and says what it has to say', () => with_pages(async (open, server) => {
  const proxy = await Proxy.to(server.port);
  const one = await open(proxy.url);
  const two = await open();
  await say(two, 'before');
  await reads(one, ['before']);
  proxy.cut();
  await in_state(one, 'reconnecting');
  await say(one, 'unheard');
  await say(one, 'and more');
  const missed = Array.from({ length: 40 }, (_, i) => `missed ${i}`);
  await post(server, ...missed);
  await say(two, 'mine');
  await reads(two, ['before', ...missed, 'mine']);
  assert.equal(await one.locator('.mine[data-sent=waiting]').count(), 2);
  proxy.mend();
  await in_state(one, 'live');
  await reads(one, ['before', 'unheard', 'and more', ...missed, 'mine']);
  await reads(two, ['before', ...missed, 'mine', 'unheard', 'and more']);
  await delivered(one);
  await say(two, 'after');
  await reads(one, ['before', 'unheard', 'and more', ...missed, 'mine', 'after']);
  assert.deepEqual(await texts(one, '.note:is(.wait, .good, .bad) span'), ['connection lost', 'back']);
  assert.deepEqual((await notes(two)).filter(note => /User#1/.test(note)), [], 'nobody saw it leave');
  proxy.close();
}));

test('who was away for too long is told how much is lost', () => with_pages(async (open, server) => {
  const proxy = await Proxy.to(server.port);
  const one = await open(proxy.url);
  await post(server, 'heard');
  await reads(one, ['heard']);
  proxy.cut();
  await in_state(one, 'reconnecting');
  await post(server, 'a', 'b', 'c', 'd', 'e');
  proxy.mend();
  await reads(one, ['heard', 'c', 'd', 'e']);
  assert.match((await texts(one, '.note.bad span')).join(), /^You were away for too long: 2 messages were lost$/);
  proxy.close();
}, '--history', '3'));

test('a message whose answer is lost is sent again, and heard once', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  let times = 0;
  await one.route(/\/chat\/1/, async route => {
    if (++times > 2) return route.continue();
    await route.fetch();
    await route.abort();
  });
  await say(one, 'once');
  await reads(two, ['once']);
  await delivered(one);
  assert.equal(times, 3);
  await say(one, 'twice');
  await reads(two, ['once', 'twice']);
}));

test('what the server does not take says so, and can be tried again', () => with_pages(async open => {
  const one = await open();
  await one.route(/\/chat\/1/, route => route.fulfill({ status: 503, body: 'too busy' }));
  await say(one, 'please');
  await until(async () => (await texts(one, '.mine .mark'))[0] === 'not sent: too busy Try again', 'the refusal');
  await one.unroute(/\/chat\/1/);
  await one.getByRole('button', { name: 'Try again' }).click();
  await delivered(one);
  await reads(one, ['please']);
}));

test('too long is refused with a word, and stays to be shortened', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  await say(one, '\u{1F600}'.repeat(2001));
  assert.equal(await text(one, '#problem'), '2,001 characters are too many: a message has at most 2,000.');
  assert.equal(await one.locator('#text').getAttribute('aria-invalid'), 'true');
  assert.equal((await one.locator('#text').inputValue()).length, 4002);
  await reads(one, []);
  const longest = '\u{1F600}'.repeat(2000);
  await say(one, longest);
  await reads(two, [longest]);
  assert.equal(await text(one, '#problem'), '');
  await say(one, ' \n ');
  await reads(one, [longest]);
}));

test('a server that refuses has it stopped, and a button tries anew', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  await say(two, 'one');
  await reads(one, ['one']);
  await one.route(/\/chat\?/, route => route.fulfill({ status: 204 }));
  await one.evaluate(() => { source.close(); connect(); });
  await in_state(one, 'stopped');
  assert.equal(await text(one, '#detail'), 'The server refused.');
  await say(two, 'two');
  await one.unroute(/\/chat\?/);
  await one.getByRole('button', { name: 'Connect again' }).click();
  await in_state(one, 'live');
  await reads(one, ['one', 'two']);
  assert.equal(await one.getByRole('button', { name: 'Connect again' }).count(), 0);
}));

test('who reads what was said before is not pulled away, and told that there is more', () => with_pages(async (open, server) => {
  const one = await open();
  await post(server, ...Array.from({ length: 50 }, (_, i) => `${i}`));
  await reads(one, Array.from({ length: 50 }, (_, i) => `${i}`));
  const at = () => one.locator('#log').evaluate(log => log.scrollHeight - log.scrollTop - log.clientHeight);
  assert.ok(await at() < 5, 'the newest is in sight');
  await one.locator('#log').evaluate(log => { log.scrollTop = 0; });
  await sleep(100);
  await post(server, 'new');
  await one.getByRole('button', { name: 'New messages' }).click();
  assert.ok(await at() < 5);
  await until(async () => !await one.locator('#newer').isVisible(), 'the button to go');
}));

test('a tab in the background counts what it missed', () => with_pages(async (open, server) => {
  const one = await open();
  const hide = hidden => one.evaluate(value => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await post(server, 'one', 'two');
  await until(async () => await one.title() === '(2) Chat', 'the title to tell');
  await hide(false);
  assert.equal(await one.title(), 'Chat');
}));

test('the keyboard does it all; messages are read out, the history is not', () => with_pages(async open => {
  const [one, two] = [await open(), await open()];
  assert.equal(await one.getByRole('list', { name: 'Messages' }).count(), 1);
  assert.equal(await two.locator('#log').getAttribute('aria-live'), 'off');
  await one.locator('#text').focus();
  await one.keyboard.type('first');
  await one.keyboard.press('Shift+Enter');
  await one.keyboard.type('second');
  await one.keyboard.press('Enter');
  await reads(two, ['first\nsecond']);
  assert.equal(await one.locator('#text').inputValue(), '');
  await until(async () => await two.locator('#log').getAttribute('aria-live') === 'polite', 'the log to be live');
  for (const box of await one.getByRole('textbox').all()) assert.notEqual(await box.evaluate(e => e.ariaLabel ?? e.labels[0]?.textContent), undefined);
}));

/// A talk to look at, with Ada on `one`.
async function talk(open, server, kind) {
  const two = await open();
  await call(two, 'Grace');
  const one = await open(server.url, kind);
  if (await one.locator('#show-side').isVisible()) await one.locator('#show-side').click();
  await call(one, 'Ada');
  await reads(two, ['Grace', 'Ada'], people);
  await sleep(1100);
  await say(two, 'Has anybody seen the new numbers? They look almost too good.');
  await reads(one, ['Has anybody seen the new numbers? They look almost too good.']);
  await say(one, 'I have.');
  await say(one, 'The second column is in thousands, though: http://example.org/a/very/long/address/that/has/no/place/to/break/at/all.html');
  await reads(two, await said(one));
  await say(two, 'Ah.');
  await post(server, 'Good morning from the terminal');
  await until(async () => (await said(one)).length === 5, 'the talk');
  await delivered(one);
  return one;
}

test('at rest, too, everybody can use it', () => with_pages(async open => accessible(await open(), directory)));

for (const scheme of ['light', 'dark']) {
  test(`on a phone all is within reach, ${scheme}`, () => with_pages(async (open, server) => {
    const one = await talk(open, server, { ...phone, colorScheme: scheme });
    const [wide, seen] = await one.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${wide} pixels wide`);
    for (const selector of ['#text', '#send', '#show-side']) {
      const box = await one.locator(selector).boundingBox();
      assert.ok(box.height >= 44 && box.width >= 44 && box.y + box.height <= phone.viewport.height, `${selector}: ${JSON.stringify(box)}`);
    }
    await one.screenshot({ path: picture(`chat-phone-${scheme}`) });
    await one.locator('#show-side').click();
    for (const selector of ['#name', '#name-form button']) {
      const box = await one.locator(selector).boundingBox();
      assert.ok(box.height >= 44 && box.y + box.height <= phone.viewport.height, `${selector}: ${JSON.stringify(box)}`);
    }
    assert.equal(await one.locator('#show-side').getAttribute('aria-expanded'), 'true');
    await accessible(one, directory);
    await one.screenshot({ path: picture(`chat-phone-people-${scheme}`) });
    await one.locator('#show-side').click();
    await one.setViewportSize({ width: 360, height: 380 }); // the keyboard is up
    await until(async () => {
      const last = await one.locator('#log li').last().boundingBox();
      const form = await one.locator('#form').boundingBox();
      return last.y + last.height <= form.y + 1 && form.y + form.height <= 380;
    }, 'the newest message and the form to be in sight');
    await one.screenshot({ path: picture(`chat-phone-keyboard-${scheme}`) });
  }));

  test(`on a desk all is in one window, ${scheme}`, () => with_pages(async (open, server) => {
    const one = await talk(open, server, { ...desktop, colorScheme: scheme });
    assert.ok(await one.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
    const [dark, ground] = await one.evaluate(() => [matchMedia('(prefers-color-scheme: dark)').matches,
      getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)]);
    assert.equal(dark, scheme === 'dark');
    assert.equal(ground[0] < 128, dark, `the ground is ${ground}`);
    await accessible(one, directory);
    await one.screenshot({ path: picture(`chat-desktop-${scheme}`) });
  }));
}

await run();
