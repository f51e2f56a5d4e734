// The chat program as curl sees it: node chat.mjs CHAT
import { Program, assert, run, serve, sleep, test, until } from '../browser/support.mjs';
import { Listener, fetch, with_server } from './chat_support.mjs';

const [chat] = process.argv.slice(2);
const grace = 5_000; // so long somebody with a token may be away before he has left

test('the first event is user with an id, and each client has another', with_server(async server => {
  const [one, two] = [await server.listen(), await server.listen()];
  assert.equal(one.id, '1');
  assert.equal(two.id, '2');
  assert.match(one.curl.stdout, /^event: user\ndata: 1\n\n/);
}));

test('what one says is for all but him, and answered with 204', with_server(async server => {
  const [one, two, three] = [await server.listen(), await server.listen(), await server.listen()];
  assert.deepEqual(await server.say(1, 'Hello, World!'), { status: 204, body: '' });
  await two.reads('<User#1>: Hello, World!');
  await three.reads('<User#1>: Hello, World!');
  await server.say(2, 'Привет 👋');
  await one.reads('<User#2>: Привет 👋');
  await server.say(1, 'two\nlines');
  await two.reads('<User#1>: Hello, World!', '<User#1>: two\n  lines');
  await three.reads('<User#1>: Hello, World!', '<User#2>: Привет 👋', '<User#1>: two\n  lines');
  await one.reads('<User#2>: Привет 👋');
}));

test('any content type will do, and HTTP/1.0', with_server(async server => {
  const [one] = [await server.listen('', '--http1.0'), await server.listen()];
  for (const type of ['text/plain', 'text/plain; charset=utf-8', 'application/x-www-form-urlencoded', 'application/json'])
    assert.equal((await server.say(2, type, '', '-H', `Content-Type: ${type}`)).status, 204);
  await one.reads('<User#2>: text/plain', '<User#2>: text/plain; charset=utf-8',
    '<User#2>: application/x-www-form-urlencoded', '<User#2>: application/json');
}));

test('a thousand messages at once come to all, in the order of each who says them', with_server(async server => {
  const listeners = await Promise.all(Array.from({ length: 10 }, () => server.listen()));
  const talkers = listeners.slice(0, 4);
  const numbers = Array.from({ length: 250 }, (_, i) => i);
  const talk = ({ id }) => fetch(...numbers.flatMap(i =>
    [...(i > 0 ? ['--next', '--silent'] : []), '--data-binary', `${i}`, `${server.stream}/${id}`]));
  await Promise.all(talkers.map(talk));
  for (const listener of listeners) {
    const wanted = talkers.includes(listener) ? 750 : 1000;
    await until(() => listener.said.length >= wanted, `${wanted} messages for ${listener.id}`);
    assert.deepEqual(listener.of('gap'), []);
    for (const { id } of talkers) {
      const heard = listener.said.filter(line => line.startsWith(`<User#${id}>: `)).map(line => Number(line.split(' ')[1]));
      assert.deepEqual(heard, listener.id === id ? [] : numbers);
    }
  }
}));

test('who comes later has the history', with_server(async server => {
  const one = await server.listen();
  for (let i = 1; i <= 5; ++i) await server.say(1, `${i}`);
  const two = await server.listen();
  await two.reads('<User#1>: 3', '<User#1>: 4', '<User#1>: 5');
  assert.deepEqual(two.of('gap'), []);
  await server.say(1, '6');
  await two.reads('<User#1>: 3', '<User#1>: 4', '<User#1>: 5', '<User#1>: 6');
  assert.deepEqual(one.said, []);
}, '--history', '3'));

test('the history is of 100 messages, however many come and go', with_server(async server => {
  await server.listen();
  for (let i = 1; i <= 30; ++i) await server.say(1, `${i}`);
  for (let i = 0; i < 20; ++i) await (await server.listen(i % 2 ? '' : `?token=${i}`)).leave();
  for (let i = 31; i <= 130; ++i) await server.say(1, `${i}`);
  await (await server.listen('?token=last')).reads(...Array.from({ length: 100 }, (_, i) => `<User#1>: ${i + 31}`));
}));

for (const query of ['', '?token=secret']) {
  test(`who comes back${query} with Last-Event-ID misses nothing, and gets nothing twice`, with_server(async server => {
    await server.listen();
    const two = await server.listen(query);
    await server.say(1, 'a');
    await two.reads('<User#1>: a');
    await two.leave();
    for (const text of ['b', 'c', 'd']) await server.say(1, text);
    const again = await server.listen(query, '-H', `Last-Event-ID: ${two.last_id}`);
    await again.reads('<User#1>: b', '<User#1>: c', '<User#1>: d');
    await server.say(1, 'e');
    await again.reads('<User#1>: b', '<User#1>: c', '<User#1>: d', '<User#1>: e');
    assert.deepEqual(again.of('gap'), []);
    assert.equal(again.id, query ? '2' : '3');
  }));
}

test('so does who was cut off before the first message', with_server(async server => {
  await server.listen();
  const two = await server.listen();
  await until(() => two.blocks.some(({ id }) => id), 'a checkpoint');
  await two.leave();
  await server.say(1, 'a');
  await (await server.listen('', '-H', `Last-Event-ID: ${two.last_id}`)).reads('<User#1>: a');
}));

test('who was away for too long is told how many messages are gone', with_server(async server => {
  const one = await server.listen();
  const two = await server.listen();
  await server.say(1, 'a');
  await two.reads('<User#1>: a');
  await two.leave();
  for (const text of ['b', 'c', 'd', 'e', 'f']) await server.say(1, text);
  const again = await server.listen('', '-H', `Last-Event-ID: ${two.last_id}`);
  await again.reads('<User#1>: d', '<User#1>: e', '<User#1>: f');
  assert.deepEqual(again.of('gap').map(JSON.parse), [{ reason: 'trimmed', missed: 2 }]);
  await one.leave();
}, '--history', '3'));

test('an id of another life, and what is no id, are told of as a gap', with_server(async server => {
  const one = await server.listen();
  await server.say(1, 'a');
  for (const [id, reason] of [['00c0ffee1234-17', 'unknown_epoch'], ['nonsense', 'malformed_id']]) {
    for (const query of ['', '?token=two']) {
      const again = await server.listen(query, '-H', `Last-Event-ID: ${id}`);
      await again.reads('<User#1>: a');
      // What is no id says nothing of any topic, and with a token there are two.
      const gaps = reason === 'malformed_id' && query ? [{ reason }, { reason }] : [{ reason }];
      await until(() => again.of('gap').length >= gaps.length, 'the gap');
      assert.deepEqual(again.of('gap').map(JSON.parse), gaps);
    }
  }
  await one.leave();
}));

test('an id that is not a user is 404, no number is 400, no such method 405', with_server(async server => {
  await server.listen();
  for (const id of ['2', '0', '18446744073709551615']) assert.equal((await server.say(id, 'x')).status, 404, id);
  for (const id of ['x', '-1', '1.0', '18446744073709551616']) assert.equal((await server.say(id, 'x')).status, 400, id);
  assert.equal((await fetch(`${server.stream}/1`)).status, 405);
  assert.equal((await fetch('-d', 'x', server.stream)).status, 405);
}));

test('who has left is unknown', with_server(async server => {
  const one = await server.listen();
  await one.leave();
  await until(async () => (await server.say(1, 'x')).status === 404, 'the user to be forgotten');
}));

test('a name is in what is said', with_server(async server => {
  const one = await server.listen();
  await server.listen('?name=Ada');
  await server.say(2, 'a');
  assert.equal((await server.call(1, 'Grace Hopper')).status, 204);
  await server.say(1, 'b');
  assert.equal((await server.call(2, 'Augusta')).status, 204);
  await server.say(2, 'c');
  const three = await server.listen();
  await three.reads('<Ada>: a', '<Grace Hopper>: b', '<Augusta>: c');
  await one.reads('<Ada>: a', '<Augusta>: c');
}));

test('who brings a token is told who is here, comes, goes and changes names', with_server(async server => {
  const one = await server.listen('?token=one');
  assert.deepEqual(one.of('here'), ['1 User#1']);
  const two = await server.listen('?name=Ada');
  await until(() => one.of('join').includes('2 Ada'), 'Ada');
  await server.call(2, 'Augusta');
  await until(() => one.of('name').includes('2 Augusta'), 'Augusta');
  const three = await server.listen('?token=three');
  assert.deepEqual(three.of('here'), ['1 User#1\n2 Augusta\n3 User#3']);
  await two.leave();
  await until(() => one.of('leave').includes('2 Augusta'), 'Augusta to leave');
  await server.say(3, 'said', '?token=three');
  await one.reads('<User#3>: said');
  assert.deepEqual(two.events.map(({ type }) => type), ['user'], 'who has no token is told nothing');
}));

test('who comes back with a token is not told what the list says, nor of its gaps', with_server(async server => {
  const one = await server.listen('?token=one');
  await server.say(1, 'a', '?token=one');
  const two = await server.listen('?token=two');
  await two.reads('<User#1>: a');
  await two.leave();
  for (let i = 0; i < 101; ++i) await (await server.listen()).leave(); // more than are kept
  await until(() => one.of('leave').length >= 101, 'all to leave');
  await server.say(1, 'b', '?token=one');
  const again = await server.listen('?token=two', '-H', `Last-Event-ID: ${two.last_id}`);
  await again.reads('<User#1>: b');
  await server.say(1, 'c', '?token=one');
  await again.reads('<User#1>: b', '<User#1>: c');
  assert.deepEqual(again.events.map(({ type }) => type), ['user', 'here', 'message', 'message']);
}));

test('with a token one is the same user, who leaves after some seconds', with_server(async server => {
  const one = await server.listen('?token=one');
  const two = await server.listen('?token=two&name=Ada');
  await two.leave();
  await sleep(1000);
  const again = await server.listen('?token=two&name=Augusta');
  assert.equal(again.id, '2');
  assert.deepEqual(again.of('here'), ['1 User#1\n2 Ada']);
  const before = Date.now();
  await again.leave();
  assert.equal((await server.say(2, 'from afar', '?token=two')).status, 204);
  await until(() => one.of('leave').length > 0, 'him to leave');
  assert.ok(Date.now() - before > grace - 100, `after ${Date.now() - before} ms`);
  assert.deepEqual([one.of('join'), one.of('leave')], [['2 Ada'], ['2 Ada']]);
  await server.listen('?token=two');
  await until(() => one.of('join').length === 2, 'him to be back');
  assert.equal(one.of('join')[1], '2 Ada');
}));

test('one user may have two windows', with_server(async server => {
  const watcher = await server.listen('?token=watcher');
  const one = await server.listen('?token=two&page=1');
  const two = await server.listen('?token=two&page=2');
  assert.equal(two.id, one.id);
  await server.say(2, 'from the first', '?token=two&page=1');
  await two.reads('<User#2>: from the first');
  await one.leave();
  await sleep(grace + 500);
  assert.deepEqual([watcher.of('join'), watcher.of('leave')], [['2 User#2'], []]);
  assert.deepEqual(one.said, []);
  const anew = await server.listen('?token=two&page=3');
  await anew.reads('<User#2>: from the first');
}));

test('only who knows the token speaks for a user, or names him', with_server(async server => {
  await server.listen('?token=secret');
  await server.listen();
  for (const query of ['', '?token=', '?token=guess']) {
    assert.equal((await server.say(1, 'x', query)).status, 403, query);
    assert.equal((await server.call(1, 'x', query)).status, 403, query);
  }
  assert.equal((await server.say(2, 'x', '?token=secret')).status, 403, 'a token is one user');
  assert.equal((await server.say(1, 'x', '?token=secret')).status, 204);
  assert.equal((await fetch(`${server.stream}?token=${'x'.repeat(65)}`)).status, 400);
}));

test('a message with a key is said once', with_server(async server => {
  await server.listen();
  const two = await server.listen();
  for (const key of ['a', 'a', 'b', 'a']) assert.equal((await server.say(1, key, `?key=${key}`)).status, 204);
  await server.say(1, 'end');
  await two.reads('<User#1>: a', '<User#1>: b', '<User#1>: end');
  assert.equal((await server.say(1, 'x', `?key=${'x'.repeat(65)}`)).status, 400);
}));

test('the page may load nothing but its own stream', with_server(async server => {
  const { body } = await fetch('-i', server.url);
  assert.match(body, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(body, /^Content-Type: text\/html; charset=utf-8\r$/m);
  assert.match(body, /^Content-Security-Policy: default-src 'none'; .*connect-src 'self'/m);
  assert.match(body, /\r\n\r\n<!doctype html>/);
}));

test('SIGTERM ends the streams properly, and the program, within a second', async () => {
  const server = await serve(chat);
  const listeners = await Promise.all(['', '?token=one'].map(query => Listener.to(`${server.url}/chat${query}`)));
  const begin = performance.now();
  assert.equal(await server.end(), 0);
  assert.ok(performance.now() - begin < 1000);
  for (const { curl } of listeners) assert.equal(await curl.ended, 0, curl.stderr);
  assert.equal(server.complaints, '');
});

for (const count of ['0', '10001', '-1', 'all', '', '1.5']) {
  test(`--history '${count}' is exit code 2 and one line`, async () => {
    const program = new Program(chat, ['--history', count]);
    assert.equal(await program.ended, 2);
    assert.match(program.stderr, /^chat: [^\n]*--history[^\n]*--help[^\n]*\n$/);
  });
}

await run();
