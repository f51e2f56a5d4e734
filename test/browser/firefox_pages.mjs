// The pages of the demos in Firefox: node firefox_pages.mjs TICKS HUB CHAT LLM FIREFOX PACKAGES
// What they do in every detail, the tests in Chromium say.
import { readFileSync } from 'node:fs';
import { launch_firefox } from './firefox.mjs';
import { packages } from './packages.mjs';
import { assert, run, serve, sleep, test, until } from './support.mjs';

const [ticks, hub, chat, llm, firefox, directory] = process.argv.slice(2);
const browser = await launch_firefox(firefox, directory);
const axe = readFileSync(packages(directory).resolve('axe-core/axe.min.js'), 'utf8');

const text = (page, selector) => page.$eval(selector, element => element.innerText);
const texts = (page, selector) => page.$$eval(selector, all => all.map(element => element.innerText));
const in_state = (page, wanted) => until(async () => await text(page, '#state') === wanted, `the state ${wanted}`);
const press = (page, name) => page.locator(`::-p-aria([role="button"][name="${name}"])`).click();
const fill = (page, label, value) => page.locator(`::-p-aria([name="${label}"][role="textbox"])`).fill(value);

/// Runs `body` with a server and what opens its page in a tab of its own. A script that fails in one has it fail, and what
/// axe-core finds in one that is left.
async function with_pages(program, args, body) {
  const server = await serve(program, ...args);
  const complaints = [];
  const pages = [];
  const open = async (path = '/') => {
    const page = await browser.newPage();
    page.on('pageerror', error => complaints.push(String(error)));
    pages.push(page);
    await page.goto(server.url + path);
    return page;
  };
  try {
    await body(open, server);
    for (const page of pages) {
      await page.evaluate(axe);
      complaints.push(...await page.evaluate(async () => (await globalThis.axe.run()).violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)));
    }
    assert.deepEqual(complaints, []);
  } finally {
    await Promise.all(pages.map(page => page.close()));
    await server.end('SIGKILL');
  }
}

test('ticks: they come, and go on where they were after the connection was dropped', () => with_pages(ticks, ['--interval', '100ms'], async open => {
  const page = await open();
  await in_state(page, 'live');
  const count = async () => Number(await text(page, '#count'));
  await until(async () => await count() >= 5, 'five ticks');
  await press(page, 'Drop and resume');
  await in_state(page, 'stopped');
  const before = await count();
  await in_state(page, 'live');
  await until(async () => await count() >= before + 5, 'five more');
  const numbers = (await texts(page, '#log li.tick b')).map(Number).reverse();
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1));
  assert.equal(await text(page, '#missed'), '0');
}));

test('hub: what is published comes, also what was published while the page was away', () => with_pages(hub, [], async (open, server) => {
  const page = await open('/#news');
  await in_state(page, 'live');
  const events = async () => (await texts(page, '#log li.event .data')).reverse();
  await fill(page, 'Data', 'from the page');
  await press(page, 'Publish');
  await until(async () => /^Published as/.test(await text(page, '#published')), 'it to be published');
  await until(async () => (await events()).length === 1, 'it to come');
  await press(page, 'Pause');
  await in_state(page, 'paused');
  await fetch(`${server.url}/topics/news`, { method: 'POST', body: 'while it was away' });
  await press(page, 'Resume');
  await until(async () => (await events()).length === 2, 'the other one');
  await sleep(500);
  assert.deepEqual(await events(), ['from the page', 'while it was away']);
  assert.equal(await text(page, '#gaps'), '0');
}));

test('hub: after a restart it is back, and tells of the gap', () => with_pages(hub, [], async (open, server) => {
  const page = await open('/#news');
  await in_state(page, 'live');
  await fetch(`${server.url}/topics/news`, { method: 'POST', body: 'before' });
  await until(async () => (await texts(page, '#log li.event')).length === 1, 'the first event');
  await server.end();
  const again = await serve(hub, '--port', server.port);
  try {
    await until(async () => await text(page, '#gaps') === '1', 'a gap', 20_000);
    await in_state(page, 'live');
    await fetch(`${again.url}/topics/news`, { method: 'POST', body: 'after' });
    await until(async () => (await texts(page, '#log li.event')).length === 2, 'the second event');
  } finally {
    await again.end('SIGKILL');
  }
}), 60_000);

test('chat: what one says, the other hears, once each', () => with_pages(chat, [], async open => {
  const [one, two] = [await open(), await open()];
  for (const page of [one, two]) await in_state(page, 'live');
  const say = async (page, words) => {
    await page.bringToFront();
    await fill(page, 'Message', words);
    await press(page, 'Send');
  };
  await say(one, 'Hello!');
  await say(two, 'Hello to you, too');
  for (const page of [one, two]) {
    const said = () => texts(page, '#log .said p');
    await until(async () => (await said()).length >= 2, 'both lines');
    assert.deepEqual(await said(), ['Hello!', 'Hello to you, too']);
  }
}));

test('llm: an answer comes, and ends', () => with_pages(llm, ['--pace', '1ms'], async open => {
  const page = await open();
  await in_state(page, 'ready');
  await fill(page, 'Message', 'What is a topic?');
  await page.keyboard.press('Enter');
  await until(async () => (await texts(page, '.end span')).length === 1, 'the answer to end', 20_000);
  await in_state(page, 'ready');
  assert.ok((await text(page, '.said.assistant .words')).length > 0);
}));

await run();
