// The client as suites from outside drive it: node suite.mjs CONTRACT_SERVICE
import { assert, run, serve, sleep, test, until } from '../browser/support.mjs';
import { Client, Streams, free_port } from './harness.mjs';

const service = await serve(process.argv[2], '--threads', '2');

/// A case with streams of its own; `start` starts a client of them.
const with_streams = body => async () => {
  const streams = await Streams.open();
  const clients = [];
  const start = async (parameters = {}) => {
    const client = await Client.start(service, { streamUrl: streams.url, ...parameters });
    clients.push(client);
    return client;
  };
  try {
    await body(streams, start);
  } finally {
    for (const client of clients) await client.stop().catch(() => {}); // the service may be gone
    streams.close();
  }
};

/// A case with one stream of `text`, whose events are `events`.
const parses = (name, text, events, comments = []) => test(name, with_streams(async (streams, start) => {
  const client = await start();
  (await streams.connection(0)).stream(text);
  assert.deepEqual(await client.events(events.length), events);
  if (comments.length > 0) assert.deepEqual(await client.comments(comments.length), comments);
}));

test('the service says what it can', async () => {
  const { capabilities } = await (await fetch(service.url)).json();
  assert.deepEqual(capabilities.sort(), ['bom', 'comments', 'headers', 'last-event-id', 'post', 'read-timeout', 'report',
    'restart', 'server-directed-shutdown-request']);
});

test('bad parameters are 400, an unknown client is 404', async () => {
  const post = (path, body) => fetch(service.url + path, { method: 'POST', body }).then(({ status }) => status);
  const good = { streamUrl: 'http://127.0.0.1:1/', callbackUrl: 'http://127.0.0.1:1/' };
  for (const bad of ['', '{', '[]', '7', '{}', JSON.stringify({ ...good, streamUrl: undefined }),
    JSON.stringify({ ...good, callbackUrl: 7 }), JSON.stringify({ ...good, initialDelayMs: -1 }),
    JSON.stringify({ ...good, readTimeoutMs: 'x' }), JSON.stringify({ ...good, method: 'BREW' }),
    JSON.stringify({ ...good, headers: { 'a b': 'c' } }), JSON.stringify({ ...good, headers: { a: 'b\r\nc: d' } })])
    assert.equal(await post('/', bad), 400, bad);
  assert.equal(await post('/999', '{"command":"restart"}'), 404);
  assert.equal((await fetch(`${service.url}/999`, { method: 'DELETE' })).status, 404);
});

test('an unknown command is 400, and a client that was stopped is not there', with_streams(async (streams, start) => {
  const client = await start();
  const connection = (await streams.connection(0)).stream();
  assert.equal(await client.command('dance'), 400);
  assert.equal(await client.command('listen'), 400);
  assert.equal(await client.command('restart') >= 200, true);
  assert.equal(await client.stop(), 204);
  assert.equal(await client.command('restart'), 404);
  assert.equal(await client.stop(), 404);
  await until(() => connection.gone, 'the client to leave');
}));

// Parsing.

for (const [name, end] of [['LF', '\n'], ['CR', '\r'], ['CRLF', '\r\n']]) {
  parses(`lines end with ${name}`, ['event: a', 'data: 1', 'data: 2', 'id: x', '', ': c', 'data:3', '', ''].join(end),
    [['a', '1\n2', 'x'], ['message', '3', 'x']], ['c']);
  test(`lines end with ${name}, in pieces of one byte`, with_streams(async (streams, start) => {
    const client = await start();
    const connection = (await streams.connection(0)).stream();
    for (const byte of Buffer.from(['event: ä', 'data: 👋', '', 'data:2', '', ''].join(end))) connection.write(Buffer.from([byte]));
    assert.deepEqual(await client.events(2), [['ä', '👋', ''], ['message', '2', '']]);
  }));
}
test('an event that ends with CR is there before the LF', with_streams(async (streams, start) => {
  const client = await start();
  const connection = (await streams.connection(0)).stream('data: 1\r\r');
  assert.deepEqual(await client.events(1), [['message', '1', '']]);
  connection.write('\ndata: 2\r\n\r');
  assert.deepEqual(await client.events(2), [['message', '1', ''], ['message', '2', '']]);
}));
parses('one byte order mark is no part of the stream', '\uFEFFdata: 1\n\n\uFEFFdata: 2\n\ndata: 3\n\n', [['message', '1', ''], ['message', '3', '']]);
parses('comments are told in their order', ':a\n: b\n:\ndata: 1\n\n:c\n', [['message', '1', '']], ['a', 'b', '', 'c']);
parses('unknown fields, and names in other cases, are ignored', 'Data: 1\ndata : 2\n data: 3\nfoo: 4\ndata: 5\n\n', [['message', '5', '']]);
parses('one space after the colon is dropped, and no more', 'data:1\ndata: 2\ndata:  3\ndata:\t4\n\n', [['message', '1\n2\n 3\n\t4', '']]);
parses('data without value', 'data\n\ndata:\ndata\n\ndata\ndata: x\n\n', [['message', '', ''], ['message', '\n', ''], ['message', '\nx', '']]);
parses('an event without data is none', 'event: a\n\nid: 1\n\n\n\ndata: x\n\n', [['message', 'x', '1']]);
parses('the last type wins, and an empty one is message', 'event: a\nevent: b\ndata: 1\n\nevent: a\nevent:\ndata: 2\n\n', [['b', '1', ''], ['message', '2', '']]);
parses('the id sticks, an empty one clears it, one with NUL is ignored', 'id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid\ndata: d\n\n',
  [['message', 'a', '1'], ['message', 'b', '1'], ['message', 'c', '1'], ['message', 'd', '']]);
parses('any character of Unicode, and NUL in data', 'data: ä€👋\u2028\u0085\u000B\u000C\0.\n\n', [['message', 'ä€👋\u2028\u0085\u000B\u000C\0.', '']]);
parses('bytes that are no UTF-8 are replaced', Buffer.from([...Buffer.from('data: a'), 0xFF, 0xC3, 0x28, 0xE2, 0x82, 0x0A, 0x0A]),
  [['message', 'a\uFFFD\uFFFD(\uFFFD', '']]);
parses('a message of a megabyte', `data: ${'0123456789abcdef'.repeat(65_536)}\n\n`, [['message', '0123456789abcdef'.repeat(65_536), '']]);
parses('many messages at once', Array.from({ length: 100 }, (_, n) => `data: ${n}\n\n`).join(''), Array.from({ length: 100 }, (_, n) => ['message', `${n}`, '']));

// HTTP.

test('the request is one for an event stream', with_streams(async (streams, start) => {
  await start();
  const { request, headers } = await streams.connection(0);
  assert.equal(request.method, 'GET');
  assert.equal(headers.accept, 'text/event-stream');
  assert.equal(headers['cache-control'], 'no-cache');
  assert.equal('last-event-id' in headers, false);
}));

test('fields are sent with each request', with_streams(async (streams, start) => {
  await start({ headers: { 'X-One': '1', Authorization: 'Bearer x' } });
  for (const number of [0, 1]) {
    const connection = await streams.connection(number);
    assert.equal(connection.headers['x-one'], '1');
    assert.equal(connection.headers.authorization, 'Bearer x');
    connection.stream().end();
  }
}));

for (const method of ['POST', 'REPORT'])
  test(`a stream may be asked for with ${method}`, with_streams(async (streams, start) => {
    const client = await start({ method, body: '{"a":"ä"}', headers: { 'Content-Type': 'application/json; charset=utf-8' } });
    for (const number of [0, 1]) {
      const connection = await streams.connection(number);
      assert.equal(connection.request.method, method);
      assert.equal(connection.body, '{"a":"ä"}');
      assert.equal(connection.headers['content-type'], 'application/json; charset=utf-8');
      connection.stream(`data: ${number}\n\n`).end();
    }
    assert.deepEqual(await client.events(2), [['message', '0', ''], ['message', '1', '']]);
  }));

test('a body is text unless it is said to be something else', with_streams(async (streams, start) => {
  await start({ method: 'POST', body: 'hello' });
  assert.equal((await streams.connection(0)).headers['content-type'], 'text/plain');
}));

for (const status of [301, 302, 303, 307, 308])
  test(`${status} is followed`, with_streams(async (streams, start) => {
    const client = await start();
    (await streams.connection(0)).answer(status, { Location: '/there' });
    const second = await streams.connection(1);
    assert.equal(second.request.url, '/there');
    second.stream('data: x\n\n');
    assert.deepEqual(await client.events(1), [['message', 'x', '']]);
  }));

for (const location of [undefined, 'ftp://127.0.0.1/', 'http://'])
  test(`a redirect to ${location} is an error`, with_streams(async (streams, start) => {
    const client = await start();
    (await streams.connection(0)).answer(301, location ? { Location: location } : {});
    await client.told('error');
    assert.equal(streams.connections.length, 1);
  }));

for (const status of [204, 400, 401, 403, 404])
  test(`${status} ends it`, with_streams(async (streams, start) => {
    const client = await start();
    (await streams.connection(0)).answer(status, { 'Content-Type': 'text/event-stream' });
    await client.told('error');
    await sleep(50); // what does not happen takes some time
    assert.equal(streams.connections.length, 1);
  }));

for (const status of [429, 500, 503])
  test(`${status} is told, and tried again`, with_streams(async (streams, start) => {
    const client = await start();
    (await streams.connection(0)).answer(status);
    await client.told('error');
    (await streams.connection(1)).stream('data: x\n\n');
    assert.deepEqual(await client.events(1), [['message', 'x', '']]);
  }));

test('another media type ends it', with_streams(async (streams, start) => {
  const client = await start();
  (await streams.connection(0)).answer(200, { 'Content-Type': 'text/plain' }, 'data: x\n\n');
  await client.told('error');
  assert.equal(streams.connections.length, 1);
}));

test('a charset of the media type changes nothing', with_streams(async (streams, start) => {
  const client = await start();
  (await streams.connection(0)).stream('data: ä\n\n', { 'Content-Type': 'text/event-stream; charset=windows-1251' });
  assert.deepEqual(await client.events(1), [['message', 'ä', '']]);
}));

test('a server that is not there is told, and tried again', with_streams(async (streams, start) => {
  const client = await start({ streamUrl: `http://127.0.0.1:${await free_port()}/` });
  await client.told('error', 2);
}));

// Coming back.

for (const how of ['end', 'cut'])
  test(`a stream that was ${how === 'end' ? 'ended' : 'cut'} is asked for again, with its last id`, with_streams(async (streams, start) => {
    const client = await start();
    (await streams.connection(0)).stream('id: 1\ndata: a\n\nid: 2\n\nid: 3\ndata: half');
    await client.events(1);
    streams.connections[0][how]();
    const second = await streams.connection(1);
    assert.equal(second.headers['last-event-id'], '2');
    second.stream('data: b\n\n');
    assert.deepEqual(await client.events(2), [['message', 'a', '1'], ['message', 'b', '2']]);
    second[how]();
    assert.equal((await streams.connection(2)).headers['last-event-id'], '2');
    assert.deepEqual(client.messages.filter(({ kind }) => kind === 'error'), []);
  }));

test('the id to begin with is sent, and replaced', with_streams(async (streams, start) => {
  const client = await start({ lastEventId: 'abc' });
  const first = await streams.connection(0);
  assert.equal(first.headers['last-event-id'], 'abc');
  first.stream('data: a\n\nid: d\ndata: b\n\n').end();
  assert.deepEqual(await client.events(2), [['message', 'a', 'abc'], ['message', 'b', 'd']]);
  assert.equal((await streams.connection(1)).headers['last-event-id'], 'd');
}));

test('the delay is as asked for', with_streams(async (streams, start) => {
  await start({ initialDelayMs: 200 });
  const ended = performance.now();
  (await streams.connection(0)).stream('data: a\n\n').end();
  assert.ok((await streams.connection(1)).at - ended >= 195);
}));

test('retry changes the delay, and what is no number does not', with_streams(async (streams, start) => {
  await start({ initialDelayMs: 60_000 });
  (await streams.connection(0)).stream('retry: 5\ndata: a\n\n').end();
  (await streams.connection(1)).stream('retry: 7x\nretry: 60000ms\nretry\ndata: a\n\n').end();
  await streams.connection(2);
}));

test('silence is the end of a stream, a comment is none', with_streams(async (streams, start) => {
  const client = await start({ readTimeoutMs: 300 });
  const first = (await streams.connection(0)).stream('data: a\n\n');
  for (let n = 0; n < 5; ++n) {
    await sleep(100);
    first.write(':\n');
  }
  assert.equal(streams.connections.length, 1);
  (await streams.connection(1)).stream('data: b\n\n');
  assert.deepEqual(await client.events(2), [['message', 'a', ''], ['message', 'b', '']]);
  await until(() => first.gone, 'the first connection to go');
}));

test('a server that does not answer is given up, too', with_streams(async (streams, start) => {
  await start({ readTimeoutMs: 50 });
  await streams.connection(1);
}));

test('restart drops the connection and connects at once', with_streams(async (streams, start) => {
  const client = await start({ initialDelayMs: 60_000 });
  const first = (await streams.connection(0)).stream('id: 1\ndata: a\n\n');
  await client.events(1);
  assert.equal(await client.command('restart') >= 200, true);
  const second = await streams.connection(1);
  assert.equal(second.headers['last-event-id'], '1');
  second.stream('data: b\n\n');
  assert.deepEqual(await client.events(2), [['message', 'a', '1'], ['message', 'b', '1']]);
  await until(() => first.gone, 'the first connection to go');
  second.end();
  await sleep(20);
  await client.command('restart'); // instead of the wait
  await streams.connection(2);
}));

test('two clients do not disturb each other', with_streams(async (streams, start) => {
  const [one, two] = [await start(), await start()];
  await streams.connection(1);
  streams.connections.forEach((connection, number) => connection.stream(`data: ${number}\n\n`));
  const seen = [...await one.events(1), ...await two.events(1)].map(([, data]) => data).sort();
  assert.deepEqual(seen, ['0', '1']);
}));

test('the service ends when it is told to, with clients under way', with_streams(async (streams, start) => {
  await start();
  (await streams.connection(0)).stream('data: x\n\n');
  assert.ok((await fetch(service.url, { method: 'DELETE' })).ok);
  assert.equal(await service.ended, 0);
}));

await run();
