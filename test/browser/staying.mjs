// What holds for every client that comes back by itself: it hears all that a topic of hub gets, and nothing else.
import { Proxy } from './proxy.mjs';
import { assert, serve, sleep, test, until } from './support.mjs';

/// Something to publish, in a form that also MCP's client takes for a message.
const note = number => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/note', params: { number } });
const number_in = ({ data }) => (data === '' ? 'nothing' : JSON.parse(data).params?.number ?? data);
const messages = told => told.filter(({ type }) => type === 'message').map(number_in);
const checkpoints = told => told.filter(({ type }) => type === 'checkpoint').length;
const post = (url, body) => fetch(url, { method: 'POST', body }).then(({ status }) => assert.equal(status, 204));

/// A client from which hub is cut off so many times, always before its first event.
async function is_cut(hub, { name, open }, cuts) {
  const proxy = await Proxy.to(hub.port);
  const topic = `/topics/cut-${encodeURIComponent(name)}`;
  const client = await open(proxy.url + topic);
  const hears = (count, what, of) => until(async () => of(await client.told()) >= count, `${name}: ${what}`, 25_000);
  try {
    for (let cut = 1; cut <= cuts; ++cut) {
      await hears(cut, `checkpoint ${cut}`, checkpoints);
      proxy.cut();
      if (cut === cuts) await post(hub.url + topic, note(1));
      proxy.mend();
    }
    await hears(1, 'what was published while it was away', told => messages(told).length);
    await post(hub.url + topic, note(2));
    await hears(2, 'what was published with it there', told => messages(told).length);
    assert.deepEqual(messages(await client.told()), [1, 2]);
  } finally {
    await client.close();
    proxy.close();
  }
}

/// A client of a stream that says nothing for a good many keep-alives between its two events.
async function is_idle(server, { name, open }) {
  const client = await open(`${server.url}/quiet`);
  const heard = async () => (await client.told()).filter(({ type }) => type === 'message');
  try {
    await until(async () => (await heard()).length >= 2, `${name}: both events`);
    assert.deepEqual((await heard()).map(({ data }) => data), ['{"jsonrpc":"2.0","method":"before"}', '{"jsonrpc":"2.0","method":"after"}']);
  } finally {
    await client.close();
  }
}

/// A client of a topic of hub of which nothing comes for longer than hub's keep-alive of 15 s.
async function is_idle_at_hub(hub, { name, open }) {
  const topic = `${hub.url}/topics/idle-${encodeURIComponent(name)}`;
  const client = await open(topic);
  try {
    await until(async () => checkpoints(await client.told()) >= 1, `${name}: its first checkpoint`);
    await sleep(17_000);
    assert.deepEqual(messages(await client.told()), []);
    await post(topic, note(1));
    await until(async () => messages(await client.told()).length >= 1, `${name}: what was published after the keep-alive`);
    assert.deepEqual(messages(await client.told()), [1]);
  } finally {
    await client.close();
  }
}

/// A client that is refused on its way back, but only for now.
async function is_refused(server, { name, open }) {
  const client = await open(`${server.url}/busy?client=${encodeURIComponent(name)}`);
  const heard = async () => (await client.told()).filter(({ type }) => type === 'message');
  try {
    await until(async () => (await heard()).length >= 1, `${name}: to come back again`, 25_000);
    assert.deepEqual((await heard()).map(({ data }) => JSON.parse(data).method), ['place']);
  } finally {
    await client.close();
  }
}

/// The cases for `clients`: each has a `name`, and `open(url)` gives `told()`, the events so far as { type, data }, and
/// `close()`; to one for which a clean end `is_final` a refusal is. All wait at the same time, most of it for the moment to
/// come back. After two `cuts` in a row a client has to know what only a stream that it resumed itself can have told it.
export async function staying(hub_program, event_program, clients, { cuts = 2 } = {}) {
  const hub = await serve(hub_program);
  const events = await serve(event_program);
  let begun;
  const all = () => begun ??= clients.map(client =>
    [is_cut(hub, client, cuts), is_idle(events, client), is_idle_at_hub(hub, client), client.is_final ? null : is_refused(events, client)].map(done => {
      done?.catch(() => {}); // its case tells
      return done;
    }));
  clients.forEach(({ name, is_final }, i) => {
    test(`${name}: cut off before its first event, it hears of everything once`, () => all()[i][0]);
    test(`${name}: keep-alives are no events`, () => all()[i][1]);
    test(`${name}: nor are those of hub`, () => all()[i][2]);
    if (!is_final) test(`${name}: refused for now, it comes back where it was`, () => all()[i][3]);
  });
  test('hub has nothing to complain of', async () => {
    assert.equal(await hub.end(), 0);
    assert.equal(hub.complaints, '');
  });
}
