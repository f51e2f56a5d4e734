// The page of the llm program in Chromium: node llm_page.mjs LLM CHROMIUM PACKAGES
// It leaves pictures of the page beside the packages.
import { join } from 'node:path';
import { seed_for } from '../clients/llm_support.mjs';
import { launch } from './chromium.mjs';
import { accessible, desktop, in_state, new_page, phone, text } from './page.mjs';
import { Proxy } from './proxy.mjs';
import { assert, run, serve, test, until } from './support.mjs';

const [program, chromium, directory] = process.argv.slice(2);
const browser = await launch(chromium, directory);
const picture = name => join(directory, '..', `${name}.png`);
const refusals = /Failed to load resource/; // Chromium says it when the page is told so
const slow = '30ms';
const question = 'What is a topic?';

const seed = await seed_for(program, 80, 120);

/// Has the page ask for answers with that seed.
const sow = page => page.route('**/runs', async route => {
  const body = { ...route.request().postDataJSON(), seed };
  await route.continue({ postData: JSON.stringify(body) });
});

/// Runs `body` with a server and what opens its page in a tab of its own. A complaint of any of them has it fail.
async function with_pages(body, { pace = '1ms', args = [], window = desktop } = {}) {
  const server = await serve(program, '--pace', pace, ...args);
  const complaints = [];
  const pages = [];
  const open = async (url = server.url) => {
    const page = await new_page(browser, window, url, complaints, refusals);
    pages.push(page);
    await sow(page);
    await page.goto(url);
    await in_state(page, 'ready');
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

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const message = page => page.getByRole('textbox', { name: 'Message' });
async function say(page, words) {
  await message(page).fill(words);
  await message(page).press('Enter');
}

/// Of each answer in the log, what is shown of it.
const answers = page => page.locator('.said.assistant .words').evaluateAll(all => all.map(words => words.textContent));
const last = async page => (await answers(page)).at(-1) ?? '';
const ends = page => page.locator('.end span').allInnerTexts();
/// What the page holds of the last answer: the text that came, before it is formatted.
const held = page => page.evaluate(() => talk.at(-1).content);
const grown = (page, length) => until(async () => (await held(page)).length > length, `an answer of ${length} characters`);
const status = async server => (await fetch(`${server.url}/status`)).json();
const idle = server => until(async () => (await status(server)).generations.running === 0, 'nothing to be generated');

/// The pieces of the answer that is under way or was last, as its stream has them from the first on; the id as the page has it.
async function all_of(server, id) {
  const stream = await (await fetch(`${server.url}/runs/${id}`)).text();
  return stream.split('\n\n').map(event => event.match(/^event: token\n(data: [^]*)$/m)?.[1] ?? '')
    .map(data => data.split('\n').map(line => line.slice('data: '.length)).join('\n')).join('');
}
const id_of = page => until(() => page.evaluate(() => run), 'the id of the answer');

test('it tells what the model is', () => with_pages(async open => {
  const page = await open();
  assert.equal(await text(page, 'h1'), 'Talk to rill-ngram');
  assert.match(await text(page, '#about'), /^A toy: .* Rill's own documents, \d+ in all, .* no sense\.$/);
}));

test('an answer comes token by token, and says how it ended', () => with_pages(async (open, server) => {
  const page = await open();
  await page.evaluate(() => {
    globalThis.grew = new Set();
    new MutationObserver(() => grew.add($("log").textContent.length)).observe($("log"), { childList: true, subtree: true });
  });
  await say(page, question);
  const id = await id_of(page);
  await in_state(page, 'ready');
  const steps = await page.evaluate(() => grew.size);
  assert.ok(steps > 5, `it grew in ${steps} steps`);
  assert.equal(await held(page), await all_of(server, id));
  assert.match((await ends(page))[0], /^\d+ tokens$/);
  assert.equal((await status(server)).generations.finished, 1);
}, { pace: '20ms' }));

test('Enter sends, Shift and Enter begins a line', () => with_pages(async open => {
  const page = await open();
  await message(page).fill('one');
  await message(page).press('Shift+Enter');
  await message(page).pressSequentially('two');
  assert.equal(await page.locator('.said').count(), 0);
  await message(page).press('Enter');
  assert.equal(await page.locator('.said.user .words').textContent(), 'one\ntwo');
  assert.equal(await message(page).inputValue(), '');
  await in_state(page, 'ready');
  await message(page).fill('  ');
  await message(page).press('Enter');
  assert.equal(await page.locator('.said').count(), 2);
}));

test('the button stops it within 200 ms, and what had come stays', () => with_pages(async (open, server) => {
  const page = await open();
  await say(page, question);
  await grown(page, 20);
  assert.equal((await status(server)).generations.running, 1);
  await press(page, 'Stop');
  const begin = performance.now();
  await idle(server);
  assert.ok(performance.now() - begin < 200, `after ${performance.now() - begin} ms`);
  await in_state(page, 'ready');
  assert.match((await ends(page))[0], /^stopped · \d+ tokens$/);
  assert.ok((await held(page)).length > 20);
  assert.equal((await status(server)).generations.cancelled, 1);
}, { pace: '100ms' }));

test('stopped before the server has answered, it stops when it has; so it does for a new conversation', () => with_pages(async (open, server) => {
  const page = await open();
  let go_on;
  await page.route('**/runs', async route => {
    await new Promise(resolve => { go_on = resolve; });
    await route.fallback();
  });
  await say(page, question);
  await until(() => go_on, 'the page to ask');
  await press(page, 'Stop');
  go_on();
  await in_state(page, 'ready');
  assert.match((await ends(page))[0], /^stopped/);
  go_on = null;
  await say(page, question);
  await until(() => go_on, 'the page to ask again');
  await press(page, 'New conversation');
  go_on();
  await until(async () => (await status(server)).generations.cancelled === 2, 'both to be stopped');
  assert.equal(await text(page, '#state'), 'ready');
  assert.equal(await page.locator('.said').count(), 0);
}, { pace: '1s' }));

test('regenerated, it is another answer in the place of the first', () => with_pages(async open => {
  const page = await open();
  await page.unroute('**/runs');
  await say(page, 'The');
  await in_state(page, 'ready');
  const first = await last(page);
  await until(async () => {
    await press(page, 'Regenerate');
    await in_state(page, 'ready');
    return await last(page) !== first;
  }, 'another answer');
  assert.equal(await page.locator('.said').count(), 2);
}));

test('a conversation is sent as a whole, and a new one begins with nothing', () => with_pages(async open => {
  const page = await open();
  const bodies = [];
  page.on('request', request => request.method() === 'POST' && bodies.push(request.postDataJSON()));
  await say(page, 'The first');
  await in_state(page, 'ready');
  const answer = await held(page);
  await say(page, 'The second');
  await in_state(page, 'ready');
  assert.deepEqual(bodies[1].messages, [
    { role: 'user', content: 'The first' }, { role: 'assistant', content: answer }, { role: 'user', content: 'The second' }]);
  assert.equal(await page.getByRole('button', { name: 'Regenerate' }).count(), 1);
  await press(page, 'New conversation');
  assert.equal(await page.locator('.said').count(), 0);
  await press(page, 'What is a topic?');
  await in_state(page, 'ready');
  assert.equal(bodies[2].messages.length, 1);
}));

test('loaded anew in mid-answer, it goes on without loss and without doubling', () => with_pages(async (open, server) => {
  const page = await open();
  await say(page, question);
  const id = await id_of(page);
  for (const length of [20, 60, 100]) {
    await until(async () => (await held(page)).length > length || await text(page, '#state') === 'ready', 'more of it');
    await page.reload();
    await until(async () => /answering|ready/.test(await text(page, '#state')), 'the page to be back');
  }
  await in_state(page, 'ready');
  assert.equal(await held(page), await all_of(server, id));
  assert.equal(await page.locator('.said').count(), 2);
  const { started, cancelled } = (await status(server)).generations;
  assert.deepEqual([started, cancelled], [1, 0]);
}, { pace: '20ms' }));

test('loaded anew after the end, the conversation is there', () => with_pages(async open => {
  const page = await open();
  await say(page, question);
  await in_state(page, 'ready');
  const before = [await answers(page), await ends(page)];
  await page.reload();
  await in_state(page, 'ready');
  assert.deepEqual([await answers(page), await ends(page)], before);
}));

test('when the connection is lost it says so, and the answer goes on', () => with_pages(async (open, server) => {
  const proxy = await Proxy.to(server.port);
  const page = await open(proxy.url);
  await say(page, question);
  const id = await id_of(page);
  await grown(page, 20);
  proxy.cut();
  await in_state(page, 'reconnecting');
  proxy.mend();
  await until(async () => /answering|ready/.test(await text(page, '#state')), 'the page to be back');
  await in_state(page, 'ready');
  assert.equal(await held(page), await all_of(server, id));
  proxy.close();
}, { pace: slow }));

test('two tabs answer at once, each its own', () => with_pages(async (open, server) => {
  const [one, two] = [await open(), await open()];
  await Promise.all([say(one, question), say(two, question)]);
  const ids = [await id_of(one), await id_of(two)];
  assert.notEqual(ids[0], ids[1]);
  assert.equal((await status(server)).generations.running, 2);
  await press(one, 'Stop');
  await in_state(one, 'ready');
  assert.notEqual(await text(two, '#state'), 'ready');
  await in_state(two, 'ready');
  assert.equal(await held(two), await all_of(server, ids[1]));
  assert.equal(await held(one), await all_of(server, ids[0]));
}, { pace: slow }));

test('left for good, the answer is given up after its grace', () => with_pages(async (open, server) => {
  const page = await open();
  await say(page, question);
  await grown(page, 5);
  await page.goto('about:blank');
  await idle(server);
  assert.equal((await status(server)).generations.cancelled, 1);
}, { pace: '1s', args: ['--grace', '1s'] }));

test('what the server refuses is shown with its reason, and can be tried again', () => with_pages(async (open, server) => {
  const page = await open();
  await page.route('**/runs', route => route.continue({ postData: JSON.stringify({ messages: [] }) }), { times: 1 });
  await say(page, question);
  await in_state(page, 'failed');
  assert.deepEqual(await ends(page), [`400: 'messages' is no array with something in it`]);
  await press(page, 'Try again');
  await in_state(page, 'ready');
  assert.equal(await page.locator('.said').count(), 2);
  await server.end();
  await say(page, 'And now?');
  await in_state(page, 'failed');
  assert.equal((await ends(page)).at(-1), 'The server cannot be reached.');
  const again = await serve(program, '--port', server.port);
  await press(page, 'Try again');
  await in_state(page, 'ready');
  await again.end('SIGKILL');
}));

test('an answer that the server has forgotten is said to be gone', () => with_pages(async (open, server) => {
  const page = await open();
  await say(page, question);
  await grown(page, 10);
  await server.end('SIGKILL');
  const again = await serve(program, '--port', server.port);
  await in_state(page, 'failed');
  assert.deepEqual(await ends(page), ['The server knows this answer no more.']);
  assert.ok((await held(page)).length > 10, 'what had come stays');
  await again.end('SIGKILL');
}, { pace: slow }));

test('what a model says is shown as text, with simple formatting', () => with_pages(async open => {
  const page = await open();
  const answer = '<img src=x onerror="document.title = 1"> **bold** and `a < b`\n\nnext\n\n```js\nlet a = "<b>";\n```\nend & </div><script>document.title = 2</script>';
  await page.evaluate(content => {
    talk = [{ role: 'user', content: '<b>me</b>' }, { role: 'assistant', content, ended: 'stop', tokens: 7 }];
    keep();
  }, answer);
  await page.reload();
  await in_state(page, 'ready');
  assert.equal(await page.title(), 'Model');
  assert.equal(await page.locator('.said.user .words').textContent(), '<b>me</b>');
  const words = page.locator('.said.assistant .words');
  assert.equal(await words.locator('img, script, b').count(), 0);
  assert.deepEqual([await words.locator('strong').textContent(), await words.locator('p code').textContent()], ['bold', 'a < b']);
  assert.equal(await words.locator('pre').textContent(), 'let a = "<b>";\n');
  assert.deepEqual(await words.locator('p').evaluateAll(all => all.map(p => p.textContent).slice(1)),
    ['next', 'end & </div><script>document.title = 2</script>']);
}));

/// What a conversation may look like.
async function live_through(page) {
  await page.evaluate(() => {
    talk = [
      { role: 'user', content: 'What happens when the client leaves?' },
      { role: 'assistant', ended: 'stop', tokens: 31, content: 'Its handler is destroyed where it is suspended. It is never resumed: no code of it runs but the destructors of its connection counts as gone.' },
    ];
    keep();
  });
  await page.reload();
  await in_state(page, 'ready');
  await say(page, question);
  await grown(page, 220);
}

for (const scheme of ['light', 'dark']) {
  test(`on a phone all is within reach, ${scheme}`, () => with_pages(async open => {
    const page = await open();
    await accessible(page, directory);
    await page.screenshot({ path: picture(`llm-phone-empty-${scheme}`) });
    await live_through(page);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${wide} pixels wide`);
    for (const button of await page.getByRole('button').all()) {
      const { height, x, width } = await button.boundingBox();
      assert.ok(height >= 44 && x >= 0 && x + width <= seen, await button.innerText());
    }
    await accessible(page, directory);
    await page.screenshot({ path: picture(`llm-phone-${scheme}`) });
  }, { window: { ...phone, colorScheme: scheme }, pace: slow }));

  test(`on a desk, ${scheme}`, () => with_pages(async open => {
    const page = await open();
    await live_through(page);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.equal(ground[0] < 128, scheme === 'dark', `the ground is ${ground}`);
    await accessible(page, directory);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: picture(`llm-desktop-${scheme}`) });
  }, { window: { ...desktop, colorScheme: scheme }, pace: slow }));
}

test('a change of the state is announced, and every field has its name', () => with_pages(async open => {
  const page = await open();
  assert.equal(await page.locator('#state').getAttribute('aria-live'), 'polite');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.equal(await message(page).count(), 1);
}));

await run();
