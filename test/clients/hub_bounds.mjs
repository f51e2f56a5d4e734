// What strangers cannot do to the hub program: node hub_bounds.mjs HUB [--sanitized]
import { readFile } from 'node:fs/promises';
import net from 'node:net';

import { assert, run, serve, skip, test, until } from '../browser/support.mjs';
import { curl, kept, listen, post, problem, publish, statistics } from './hub_support.mjs';

const [program, sanitized] = process.argv.slice(2);

/// Runs `body` with a server of its own.
async function with_hub(args, body) {
  const server = await serve(program, ...args);
  try {
    await body(server);
  } finally {
    await server.end('SIGKILL');
  }
}

/// curl's answer: its status, and its head and body.
async function ask(...args) {
  const client = curl('-i', '--max-time', '10', ...args);
  await client.ended;
  return { status: Number(client.stdout.match(/^HTTP\/1\.1 (\d+)/)?.[1]), text: client.stdout };
}

// Pages of others

const foreign = [
  ['Host: evil.example:5800'], ['Host: localhost.evil.example'], ['Origin: http://evil.example'], ['Origin: null'],
  ['Origin: http://localhost:1'], ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'],
];
for (const fields of foreign) {
  test(`a page with ${fields.join(', ')} may neither publish nor read`, () => with_hub([], async server => {
    const heads = fields.flatMap(field => ['-H', field]);
    const topic = `${server.url}/topics/t`;
    await publish(topic, 'secret');
    for (const what of [['-d', 'x', topic], [`${topic}?start=earliest`], [`${server.url}/topics`], ['-X', 'OPTIONS', topic]]) {
      const { status, text } = await ask(...heads, ...what);
      assert.equal(status, 403, text);
      assert.match(text, /Content-Type: application\/problem\+json/);
      assert.ok(!text.includes('secret'));
    }
    assert.equal((await statistics(server)).total.published, 1);
  }));
}

test("the hub's own page may, and so may curl, by any loopback name", () => with_hub([], async server => {
  const topic = `${server.url}/topics/t`;
  const { host } = new URL(server.url);
  for (const fields of [[], [`Origin: http://${host}`], ['Host: localhost'], ['Host: LOCALHOST:80', 'Origin: https://localhost:80'],
    ['Host: [::1]:5800', 'Origin: http://[::1]:5800'], ['Sec-Fetch-Site: same-origin', `Origin: http://${host}`]]) {
    const heads = fields.flatMap(field => ['-H', field]);
    assert.equal((await ask(...heads, '-d', 'x', topic)).status, 204, fields.join());
    assert.equal((await ask(...heads, server.url)).status, 200, fields.join());
  }
  assert.equal((await ask('-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: navigate', server.url)).status, 200);
}));

test('--allow-host and --allow-origin, and a preflight', () =>
  with_hub(['--allow-host', 'hub.example', '--allow-host', 'two.example:81', '--allow-origin', 'https://app.example'], async server => {
    const topic = `${server.url}/topics/t`;
    for (const host of ['hub.example', 'hub.example:8443', 'two.example:81', 'localhost'])
      assert.equal((await ask('-H', `Host: ${host}`, '-d', 'x', topic)).status, 204, host);
    assert.equal((await ask('-H', 'Host: two.example', '-d', 'x', topic)).status, 403);
    const preflight = ['-X', 'OPTIONS', '-H', 'Access-Control-Request-Method: POST', topic];
    const granted = await ask('-H', 'Origin: https://app.example', ...preflight);
    assert.equal(granted.status, 204);
    assert.match(granted.text, /^Access-Control-Allow-Origin: https:\/\/app\.example\r$/m);
    assert.match(granted.text, /^Access-Control-Allow-Methods: .*POST/m);
    const refused = await ask('-H', 'Origin: https://evil.example', ...preflight);
    assert.equal(refused.status, 403);
    assert.ok(!/Access-Control/.test(refused.text));
    assert.equal((await ask('-H', 'Origin: https://app.example', '-d', 'x', topic)).status, 204);
  }));

for (const address of ['127.1', 'localhost', '::ffff:127.0.0.1', '127.0.0.2']) {
  test(`a hub at ${address} is this machine's, and no page's by another name for it`, () => with_hub(['--address', address], async server => {
    const host = address === 'localhost' ? 'localhost' : address === '127.0.0.2' ? address : '127.0.0.1';
    const topic = `http://${host}:${server.port}/topics/t`;
    assert.equal((await ask('-H', 'Host: localhost', '-d', 'x', topic)).status, 204);
    assert.equal((await ask('-H', 'Host: evil.example', '-d', 'x', topic)).status, 403);
  }));
}

test('bound to all interfaces any host will do, and an origin must still be its own', () =>
  with_hub(['--address', '0.0.0.0'], async server => {
    const topic = `http://127.0.0.1:${server.port}/topics/t`;
    assert.equal((await ask('-H', 'Host: hub.example', '-d', 'x', topic)).status, 204);
    assert.equal((await ask('-H', 'Host: hub.example', '-H', 'Origin: https://hub.example', '-d', 'x', topic)).status, 204);
    assert.equal((await ask('-H', 'Host: hub.example', '-H', 'Origin: https://evil.example', '-d', 'x', topic)).status, 403);
  }));

// The list

const names = (from, to) => Array.from({ length: to - from }, (_, n) => `t${String(from + n).padStart(5, '0')}`);

test('the list comes in pages', () => with_hub([], async server => {
  for (const name of names(0, 30)) await publish(`${server.url}/topics/${name}`, 'x');
  const page = async query => (await fetch(`${server.url}/topics?${query}`)).json();
  const first = await page('limit=12');
  assert.deepEqual(first.topics.map(({ name }) => name), names(0, 12));
  assert.equal(first.next, 't00011');
  assert.equal(first.total.published, 30);
  const seen = [];
  for (let after = ''; after !== undefined;) {
    const { topics, next } = await page(`limit=7&after=${after}`);
    seen.push(...topics.map(({ name }) => name));
    after = next;
  }
  assert.deepEqual(seen, names(0, 30));
  assert.deepEqual((await page('after=t00028')).topics.map(({ name }) => name), names(29, 30));
  assert.deepEqual((await page('after=t000285')).topics.map(({ name }) => name), names(29, 30));
  assert.deepEqual((await page('after=u')).topics, []);
  for (const limit of ['0', '-1', '1001', 'all', '', '1.5', '99999999999999999999'])
    await problem(await fetch(`${server.url}/topics?limit=${limit}`), 400, /limit/);
}));

test('ten thousand topics: who asks for the list holds up nobody', () => with_hub(['--new-topics', '20000'], async server => {
  // Through few connections, one request behind the other.
  await Promise.all(Array.from({ length: 4 }, (_, part) => new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1');
    const requests = names(part * 2500, (part + 1) * 2500)
      .map(name => `POST /topics/${name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx`);
    let answered = '';
    let sent = 0;
    const more = () => { for (let n = 0; n < 50 && sent < requests.length; ++n) socket.write(requests[sent++]); };
    socket.on('data', data => {
      answered += data;
      const count = answered.split('HTTP/1.1 204').length - 1;
      if (count === requests.length) { socket.destroy(); resolve(); }
      else if (count === sent) more();
      if (/HTTP\/1\.1 [345]/.test(answered)) reject(new Error(answered.slice(-300)));
    }).on('error', reject);
    more();
  })));
  const list = await statistics(server);
  assert.equal(list.topics.length, 1000);
  assert.equal(list.next, 't00999');
  assert.equal(list.total.events, 10_000);
  // The bound of topics is reached, for those that have events.
  await problem(await post(`${server.url}/topics/new`, 'x'), 503, /too many topics/);
  await listen(`${server.url}/topics/new`);
  // Three hundred who ask and leave.
  const sockets = Array.from({ length: 300 }, () => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET /topics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    setTimeout(() => socket.destroy(), 20);
    return socket;
  });
  await Promise.all(sockets.map(socket => new Promise(resolve => socket.on('close', resolve))));
  const begin = Date.now();
  await publish(`${server.url}/topics/t00000`, 'y');
  const took = Date.now() - begin;
  assert.ok(took < 3_000, `${took} ms`);
}), 60_000);

// New topics

test('a client may begin so many topics: then it is 429 for it, and not for others', () =>
  with_hub(['--new-topics', '5', '--keep-age', '100s'], async server => {
    for (let n = 0; n < 5; ++n) await publish(`${server.url}/topics/t${n}`, 'x');
    const refused = await post(`${server.url}/topics/t5`, 'x');
    const wait = Number(refused.headers.get('Retry-After'));
    assert.ok(wait > 0 && wait <= 20, `${wait} s`);
    await problem(refused, 429, /too many topics/);
    await publish(`${server.url}/topics/t0`, 'y'); // it is there already
    await listen(`${server.url}/topics/t5`); // to read begins nothing
    assert.equal((await ask('--interface', '127.0.0.2', '-d', 'x', `${server.url}/topics/t5`)).status, 204);
    await publish(`${server.url}/topics/t5`, 'y');
    assert.equal((await statistics(server)).total.published, 8);
  }));

// Clients behind a proxy

for (const [what, args, fields] of [
  ['X-Forwarded-For', ['--trust-proxy', '10.0.0.0/8,127.0.0.1'], client => ['-H', `X-Forwarded-For: 203.0.113.1, ${client}, 10.0.0.2`]],
  ['Forwarded', ['--trust-proxy', '127.0.0.1', '--forwarded'], client => ['-H', `Forwarded: for=203.0.113.1, for="${client}:80";proto=https`]],
  ['the PROXY protocol', ['--proxy-protocol', '127.0.0.1'], client => ['--haproxy-protocol', '--haproxy-clientip', client]],
]) {
  const supported = !fields('').includes('--haproxy-clientip') || (await run('curl', '--help', 'all')).stdout.includes('--haproxy-clientip');
  (supported ? test : skip)(`clients that a trusted proxy names by ${what} have their own topics to begin`, () =>
    with_hub(['--new-topics', '1', '--keep-age', '100s', ...args], async server => {
      const begin = async (client, topic) => (await ask(...fields(client), '-d', 'x', `${server.url}/topics/${topic}`)).status;
      assert.equal(await begin('192.0.2.7', 't0'), 204);
      assert.equal(await begin('192.0.2.7', 't1'), 429);
      assert.equal(await begin('192.0.2.8', 't1'), 204);
    }));
}

test('a field of a proxy that is not trusted makes nobody another client, and no page one of its own', () =>
  with_hub(['--new-topics', '1', '--keep-age', '100s', '--trust-proxy', '10.0.0.0/8'], async server => {
    const begin = async (topic, ...fields) =>
      (await ask(...fields.flatMap(field => ['-H', field]), '-d', 'x', `${server.url}/topics/${topic}`)).status;
    assert.equal(await begin('t0', 'X-Forwarded-For: 192.0.2.7'), 204);
    assert.equal(await begin('t1', 'X-Forwarded-For: 192.0.2.8'), 429);
    assert.equal(await begin('t0', 'Origin: http://evil.example', 'X-Forwarded-Host: evil.example'), 403);
  }));

test('the host that a trusted proxy names is the one that must be allowed', () =>
  with_hub(['--trust-proxy', '127.0.0.1', '--allow-host', 'hub.example'], async server => {
    const status = async (...fields) =>
      (await ask(...fields.flatMap(field => ['-H', field]), `${server.url}/topics`)).status;
    assert.equal(await status('X-Forwarded-Host: hub.example', 'Host: origin.internal', 'Origin: https://hub.example'), 200);
    assert.equal(await status('X-Forwarded-Host: evil.example', 'Host: hub.example'), 403);
    assert.equal(await status('X-Forwarded-Host: evil.example, hub.example', 'Host: origin.internal'), 200);
    assert.equal(await status('Host: origin.internal'), 403);
  }));

test('what is refused begins no topic', () => with_hub(['--new-topics', '1'], async server => {
  for (const why of ['event=gap', 'event=refused', 'id=%ff', 'id=,'])
    await problem(await post(`${server.url}/topics/t?${why}`, 'x'), 400, /./);
  await publish(`${server.url}/topics/t`, 'x');
  await problem(await post(`${server.url}/topics/u`, 'x'), 429, /too many topics/);
}));

test('after a while it may begin the next one', () => with_hub(['--new-topics', '2', '--keep-age', '1s'], async server => {
  let count = 0;
  await until(async () => {
    if ((await post(`${server.url}/topics/t${count}`, 'x')).status === 204) ++count;
    return count === 5;
  }, 'the fifth topic');
}));

// Memory

const resident = async server =>
  Number((await readFile(`/proc/${server.child.pid}/status`, 'utf8')).match(/VmRSS:\s+(\d+) kB/)[1]) / 1024;

/// A client that reads the head of its stream, and nothing after.
function stuck(server, path) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', reject).once('data', () => {
      socket.pause();
      socket.removeListener('error', reject).on('error', () => {});
      resolve(socket);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  });
}

const memory = sanitized ? (name => skip(name, 'a sanitizer has its own memory')) : test;
const large = 'x'.repeat(8 << 20);

memory('a hundred and twenty topics full of large events stay within --max-bytes', () =>
  with_hub(['--threads', '1', '--max-bytes', '128MiB'], async server => {
    for (let n = 0; n < 120; ++n) await publish(`${server.url}/topics/t${n}`, large);
    const { total } = await statistics(server);
    assert.ok(total.bytes > 90 << 20 && total.bytes <= 128 << 20, `${total.bytes} bytes`);
    const size = await resident(server);
    assert.ok(size < 230, `${size} MiB`);
    await kept(`${server.url}/topics/t119`, 1);
  }), 60_000);

memory('of a hundred half bodies some wait, and the others are refused', () => with_hub(['--threads', '1'], async server => {
  const head = `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${large.length}\r\n\r\n`;
  let answers = '';
  const sockets = await Promise.all(Array.from({ length: 100 }, () => new Promise(resolve => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => resolve(socket)).on('data', data => { answers += data; resolve(socket); });
    socket.write(head + large.slice(1), () => setTimeout(resolve, 500, socket));
  })));
  const size = await resident(server);
  assert.ok(size < 200, `${size} MiB`);
  assert.ok(answers.split('HTTP/1.1 503').length > 50, answers.slice(0, 200));
  await publish(`${server.url}/topics/t`, 'x'); // small ones have room
  sockets.forEach(socket => socket.destroy());
}), 60_000);

memory('an event of 8 MiB to two hundred streams of two topics is there once', () => with_hub(['--threads', '1'], async server => {
  const streams = await Promise.all(Array.from({ length: 200 }, () => stuck(server, '/topics/a,b')));
  await publish(`${server.url}/topics/a`, large);
  await until(async () => (await statistics(server)).total.delivered === 200, 'the deliveries');
  const size = await resident(server);
  assert.ok(size < 120, `${size} MiB`);
  streams.forEach(socket => socket.destroy());
}), 60_000);

memory('a hundred readers that are stuck at an event each hold no more than a log', () => with_hub(['--threads', '1'], async server => {
  const streams = [];
  for (let n = 0; n < 100; ++n) {
    streams.push(await stuck(server, '/topics/a'));
    await publish(`${server.url}/topics/a`, large);
  }
  const { total } = await statistics(server);
  assert.ok(total.pinned > 0 && total.pinned <= 32 << 20, `${total.pinned} bytes`);
  assert.ok(total.disconnected > 80, `${total.disconnected}`);
  const size = await resident(server);
  assert.ok(size < 160, `${size} MiB`);
  streams.forEach(socket => socket.destroy());
}), 60_000);

await run();
