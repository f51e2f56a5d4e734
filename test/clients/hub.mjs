// The hub program as curl and Node's fetch see it: node hub.mjs HUB
import { Program, assert, run, serve, test, until } from '../browser/support.mjs';
import { curl, kept, listen, post, problem, publish, statistics } from './hub_support.mjs';

const [program] = process.argv.slice(2);
const hub = await serve(program);
let topics = 0;
/// The URL of a topic that no other case has.
const fresh = (server = hub) => `${server.url}/topics/t${++topics}`;

/// Runs `body` with a server of its own.
async function with_hub(args, body) {
  const server = await serve(program, ...args);
  try {
    await body(server);
    assert.equal(server.complaints, '');
  } finally {
    await server.end('SIGKILL');
  }
}

// Publishing

test('curl publishes and curl receives', async () => {
  const topic = fresh();
  const reader = await listen(topic);
  const poster = curl('-i', '-d', 'Hello, World!', topic);
  assert.equal(await poster.ended, 0);
  const [, id] = poster.stdout.match(/^HTTP\/1\.1 204 No Content\r\n(?:.*\r\n)*Last-Event-ID: (.+)\r\n/);
  assert.deepEqual(await reader.events(1), [{ type: 'message', data: 'Hello, World!', id }]);
});

test('the head of a stream is right, and it begins with a checkpoint', async () => {
  const reader = await listen(fresh(), '-i');
  await until(() => reader.text.includes('\n\n'), 'the checkpoint');
  const [head, body] = reader.text.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /^Content-Type: text\/event-stream\r?$/m);
  assert.match(body, /^id: [0-9a-f]{12}-0\nevent: checkpoint\ndata: \{\}\n\n$/);
});

for (const [query, type, id] of [['event=alarm', 'alarm'], ['id=my+7', 'message', 'my 7'], ['event=%C5%BE&id=b', 'ž', 'b'],
  ['event=', 'message'], ['key=k', 'message']]) {
  test(`POST ?${query}`, async () => {
    const topic = fresh();
    const answer = await post(`${topic}?${query}`, 'x');
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('Content-Type'), null);
    const [event] = await kept(topic, 1);
    assert.deepEqual(event, { type, data: 'x', id: id ?? answer.headers.get('Last-Event-ID') });
    if (id) assert.equal(Buffer.from(answer.headers.get('Last-Event-ID'), 'latin1').toString(), id);
  });
}

const json_events = [
  [{ data: 'a\nb' }, { type: 'message', data: 'a\nb' }],
  [{ data: '' }, { type: 'message', data: '' }],
  [{ data: 'x', event: 'alarm', id: '7', key: 'k' }, { type: 'alarm', data: 'x', id: '7' }],
  [{ event: 'done' }, { type: 'done', data: '' }],
  [{ data: 'x', retry: 100 }, { type: 'message', data: 'x', retry: 100 }],
  [{ data: 'x', retry: 600_000 }, { type: 'message', data: 'x', retry: 600_000 }],
];
for (const [given, received] of json_events) {
  test(`POST ${JSON.stringify(given)}`, async () => {
    const topic = fresh();
    const id = await publish(topic, given);
    const [event] = await kept(topic, 1);
    assert.deepEqual(event, { ...received, id: received.id ?? id });
  });
}

for (const given of [{ id: '7' }, { retry: 100 }]) {
  test(`POST ${JSON.stringify(given)} is a checkpoint: clients take note, their handlers do not`, async () => {
    const topic = fresh();
    const reader = await listen(topic);
    const id = await publish(topic, given);
    await until(() => reader.text.includes(`id: ${id}\n`), 'the checkpoint');
    await publish(topic, { data: 'x' });
    assert.equal((await reader.events(1))[0].data, 'x');
    if (given.retry) assert.ok(reader.text.includes(`id: ${id}\nevent: checkpoint\nretry: 100\ndata: {}\n\n`), reader.text);
  });
}

test('what the object says goes before what the query says, and the query for the rest', async () => {
  const topic = fresh();
  await publish(`${topic}?event=q&id=q`, { event: 'o', data: 'x' });
  assert.deepEqual(await kept(topic, 1), [{ type: 'o', id: 'q', data: 'x' }]);
});

for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
  test(`${type} is JSON too`, async () => {
    const answer = await post(fresh(), '{"data": 1}', { 'Content-Type': type });
    await problem(answer, 400, /'data' is no string/);
  });
}

test('JSON in a body of another type is data', async () => {
  const topic = fresh();
  await post(topic, '{"data": 1}');
  assert.equal((await kept(topic, 1))[0].data, '{"data": 1}');
});

// What comes out is what went in

const texts = {
  'an empty body': '',
  'spaces and colons': '  : data: x  ',
  'line ends': 'a\n\nb\n',
  'a NUL': 'a\0b',
  'all of Unicode': 'příliš 漢字 🐎 \u2028\u0085\ufeff',
  'controls': '\x01\x1b[31m\x7f\t',
  '100,000 line ends': '\n'.repeat(100_000),
  'an event in an event': 'x\n\nid: 1\ndata: forged\n\n',
};
for (const [name, text] of Object.entries(texts)) {
  for (const json of [false, true]) {
    test(`${name}, ${json ? 'as JSON' : 'as it stands'}, comes out as it went in`, async () => {
      const topic = fresh();
      await publish(topic, json ? { data: text } : text);
      const [event] = await kept(topic, 1);
      assert.ok(event.data === text, `${event.data.length} characters instead of ${text.length}`);
    });
  }
}

test('CR and CRLF come out as LF', async () => {
  const topic = fresh();
  await publish(topic, 'a\rb\r\nc\n\rd');
  assert.equal((await kept(topic, 1))[0].data, 'a\nb\nc\n\nd');
});

test('a body of 8 MiB is an event', async () => {
  const topic = fresh();
  const text = 'x'.repeat(8 << 20);
  await publish(topic, text);
  assert.ok((await kept(topic, 1))[0].data === text);
});

// Coming back

test('a stream goes on after Last-Event-ID, in the head or in the query', async () => {
  const topic = fresh();
  const ids = [];
  for (const data of ['1', '2', '3']) ids.push(await publish(topic, data));
  for (const reader of [
    await listen(topic, '-H', `Last-Event-ID: ${ids[0]}`),
    await listen(`${topic}?last_event_id=${ids[0]}`),
    await listen(`${topic}?start=earliest&lastEventId=${ids[0]}`),
  ]) assert.deepEqual((await reader.events(2)).map(event => event.data), ['2', '3']);
});

test('the checkpoint is a place to go on from', async () => {
  const topic = fresh();
  const first = await listen(topic);
  const [id] = await until(() => first.text.match(/(?<=^id: ).*(?=\nevent: checkpoint\ndata: \{\}\n\n)/m), 'the checkpoint');
  await first.end();
  await publish(topic, 'missed by nobody');
  assert.equal((await (await listen(topic, '-H', `Last-Event-ID: ${id}`)).events(1))[0].data, 'missed by nobody');
});

test('ids of the publishers resume too', async () => {
  const topic = fresh();
  for (const id of ['a', 'b', 'c d']) await publish(topic, { id, data: id });
  assert.equal((await (await listen(topic, '-H', 'Last-Event-ID: b')).events(1))[0].data, 'c d');
  await publish(topic, 'last');
  assert.equal((await (await listen(topic, '-H', 'Last-Event-ID: c d')).events(1))[0].data, 'last');
});

test('several topics on one stream, each in order, resumed by the combined id', async () => {
  const [a, b, c] = [fresh(), fresh(), fresh()];
  const all = `${a},${[b, c].map(url => url.split('/').pop()).join()}`;
  const reader = await listen(all);
  for (let n = 0; n < 4; ++n) for (const topic of [c, a, b]) await publish(topic, `${topic.at(-1)}${n}`);
  const seen = await reader.events(12);
  for (const topic of [a, b, c]) {
    const own = seen.filter(({ data }) => data[0] === topic.at(-1)).map(({ data }) => data[1]);
    assert.deepEqual(own, ['0', '1', '2', '3']);
  }
  await publish(a, 'new');
  for (const cut of [0, 5, 11]) {
    const again = await listen(all, '-H', `Last-Event-ID: ${seen[cut].id}`);
    const rest = (await again.events(12 - cut)).map(({ data }) => data);
    assert.deepEqual(rest.toSorted(), [...seen.slice(cut + 1).map(({ data }) => data), 'new'].toSorted());
  }
});

test('eight topics fit into one stream', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `eight-${i}`);
  const reader = await listen(`${hub.url}/topics/${names}`);
  for (const name of names) await publish(`${hub.url}/topics/${name}`, name);
  assert.deepEqual((await reader.events(8)).map(({ data }) => data).toSorted(), names);
});

test('a slash and any other letter may be in a name, but for the comma', async () => {
  const name = 'a/ž 漢?#%';
  const reader = await listen(`${hub.url}/topics/${encodeURIComponent(name)}`);
  await publish(`${hub.url}/topics/${encodeURIComponent(name)}`, 'x');
  await reader.events(1);
  assert.ok((await statistics(hub)).topics.some(topic => topic.name === name));
});

for (const names of ['news', 'news,weather']) {
  test(`a restart between two connects to ${names} is a gap: unknown_epoch`, () => with_hub([], async server => {
    const news = `${server.url}/topics/news`;
    const reader = await listen(`${server.url}/topics/${names}`);
    await publish(news, 'before');
    const [{ id }] = await reader.events(1);
    await server.end();
    const again = await serve(program, '--port', server.port);
    await publish(news, 'after');
    const back = await listen(`${server.url}/topics/${names}`, '-H', `Last-Event-ID: ${id}`);
    const events = await back.events(names.split(',').length + 1); // a gap for each, and the one event
    for (const { type, data } of events)
      if (type === 'gap') assert.deepEqual(JSON.parse(data), { reason: 'unknown_epoch' });
    assert.deepEqual(events.filter(({ type }) => type !== 'gap').map(({ data }) => data), ['after']);
    await again.end('SIGKILL');
  }));
}

const bounds = [['--keep-events', '3'], ['--keep-bytes', '3000']];
for (const args of bounds) {
  test(`${args.join(' ')}: who was away for too long is told how many events are gone`, () => with_hub(args, async server => {
    const topic = fresh(server);
    const first = await publish(topic, 'seen');
    for (let n = 1; n <= 10; ++n) await publish(topic, `${n}`.padEnd(900));
    const back = await listen(topic, '-H', `Last-Event-ID: ${first}`);
    const [gap, ...rest] = await back.events(4);
    assert.equal(gap.type, 'gap');
    assert.deepEqual(JSON.parse(gap.data), { reason: 'trimmed', missed: 7 });
    assert.deepEqual(rest.map(({ data }) => data.trim()), ['8', '9', '10']);
  }));
}

test('--keep-age: what is older is gone', () => with_hub(['--keep-age', '50ms'], async server => {
  const topic = fresh(server);
  const first = await publish(topic, 'seen');
  await publish(topic, 'missed');
  await until(async () => (await statistics(server)).total.events === 0, 'the events to go');
  const [gap] = await (await listen(topic, '-H', `Last-Event-ID: ${first}`)).events(1);
  assert.equal(gap.type, 'gap');
}));

for (const id of ['nonsense', '00-1']) {
  test(`the id '${id}' is a gap`, async () => {
    const topic = fresh();
    await publish(topic, 'x');
    const [gap, event] = await (await listen(topic, '-H', `Last-Event-ID: ${id}`)).events(2);
    assert.equal(gap.type, 'gap');
    assert.equal(event.data, 'x');
  });
}

// Statistics

test('GET /topics counts', () => with_hub([], async server => {
  assert.deepEqual((await statistics(server)).topics, []);
  const reader = await listen(`${server.url}/topics/b`);
  await publish(`${server.url}/topics/b`, 'x');
  await publish(`${server.url}/topics/a`, 'y');
  await reader.events(1);
  const { topics: [a, b], total } = await statistics(server);
  const none = { dropped: 0, gaps: 0, disconnected: 0, pinned: 0 };
  assert.deepEqual({ ...a, bytes: 0 }, { name: 'a', subscribers: 0, events: 1, bytes: 0, published: 1, delivered: 0, ...none });
  assert.deepEqual({ ...b, bytes: 0 }, { name: 'b', subscribers: 1, events: 1, bytes: 0, published: 1, delivered: 1, ...none });
  assert.ok(a.bytes > 0 && total.bytes === a.bytes + b.bytes);
  assert.deepEqual({ ...total, bytes: 0 }, { subscribers: 1, events: 2, bytes: 0, published: 2, delivered: 1, ...none });
  await reader.end();
  await until(async () => (await statistics(server)).total.subscribers === 0, 'the reader to be gone');
}));

// Readers that are slow

const block = 'x'.repeat(64 << 10);
for (const policy of ['disconnect', 'skip', 'latest']) {
  test(`a reader too slow for its log, --policy ${policy}`, () =>
    with_hub(['--policy', policy, '--keep-bytes', '1MiB'], async server => {
      const topic = fresh(server);
      const slow = await listen(topic);
      const fast = await listen(topic);
      slow.pause();
      const blocks = 400; // far more than the kernel holds for a reader
      for (let n = 0; n < blocks; ++n) await publish(`${topic}?key=k`, block);
      assert.equal((await fast.events(blocks)).length, blocks, 'it holds up nobody else');
      slow.resume();
      if (policy === 'disconnect') {
        assert.equal(await slow.ended, 0, 'the stream ends properly');
        const { total } = await statistics(server);
        assert.equal(total.disconnected, 1);
        const back = await listen(topic, '-H', `Last-Event-ID: ${slow.all.at(-1).id}`);
        assert.equal(JSON.parse((await back.events(1))[0].data).reason, 'trimmed');
      } else {
        const gap = await until(() => slow.all.find(({ type }) => type === 'gap'), 'the gap', 20_000);
        assert.equal(JSON.parse(gap.data).reason, policy === 'skip' ? 'lagged' : 'superseded');
      }
    }));
}

test('--policy latest: history is the newest event of each key', () => with_hub(['--policy', 'latest'], async server => {
  const topic = fresh(server);
  for (const data of ['1', '2', '3']) for (const key of ['a', 'b']) await publish(topic, { key, data: key + data });
  await publish(`${topic}?key=a`, 'a4');
  const reader = await listen(`${topic}?start=earliest`);
  assert.deepEqual((await reader.events(2)).map(({ data }) => data), ['b3', 'a4']);
}));

test('the server ended no stream in disorder, and left no word on standard error', async () => {
  const reader = await listen(fresh());
  await until(() => reader.text.includes('\n\n'), 'the checkpoint');
  assert.equal(await hub.end(), 0);
  assert.equal(await reader.ended, 0);
  assert.equal(hub.complaints, '');
});

await run();
