// The ticks program as curl sees it: node curl.mjs TICKS [--sanitized]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, assert, run, serve, skip, sleep, test, until } from '../browser/support.mjs';

const [ticks, sanitized] = process.argv.slice(2);
const versions = ['--http1.1', '--http1.0'];

const curl = (...args) => new Program('curl', ['-q', '--silent', '--show-error', '--no-buffer', ...args]);
const numbers = text => [...text.matchAll(/^data: (\d+)\n\n/gm)].map(match => Number(match[1]));
const count_to = n => Array.from({ length: n }, (_, i) => i + 1);

/// Runs curl until `wanted` ticks have come, and gives all that came.
async function take(wanted, ...args) {
  const client = curl(...args);
  await until(() => numbers(client.stdout).length >= wanted, `${wanted} ticks; ${client.stderr}`);
  await client.end();
  return client.stdout;
}

/// Runs curl to its end; it must succeed.
async function fetch(...args) {
  const client = curl(...args);
  assert.equal(await client.ended, 0, client.stderr);
  return client.stdout;
}

/// When the request went out and when each piece of the body came in, in milliseconds, by curl's own clock. A piece is
/// of the connection's bytes: chunk framing is in it.
function times(trace) {
  const lines = [...trace.matchAll(/^(\d\d):(\d\d):([\d.]+) (=> Send header|<= Recv data)/gm)].map(([, h, m, s, what]) =>
    ({ at: ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000, what }));
  return {
    sent: lines.find(({ what }) => what.startsWith('=>')).at,
    received: lines.filter(({ what }) => what.startsWith('<=')).map(({ at }) => at),
  };
}

async function trace(pieces, ...args) {
  const client = curl('--trace-time', '--trace-ascii', '%', ...args);
  await until(() => (client.stderr.match(/<= Recv data/g) ?? []).length >= pieces, `${pieces} pieces`);
  await client.end();
  return times(client.stderr);
}

const fast = await serve(ticks, '--interval', '200ms');
const stream = `${fast.url}/ticks`;

for (const version of versions) {
  test(`${version}: the first bytes of the body come within 50 ms of the request`, async () => {
    const waits = [];
    for (let i = 0; i < 5; ++i) {
      const { sent, received } = await trace(1, version, stream);
      waits.push(received[0] - sent);
    }
    waits.sort((a, b) => a - b);
    assert.ok(waits[2] < 50, `median of ${waits.map(ms => ms.toFixed(1))} ms`);
    assert.match((await take(1, version, stream)), /^:\n/);
  });

  test(`${version}: ticks come an interval apart, counted from 1`, async () => {
    const { sent, received } = await trace(7, version, stream);
    const mean = (received[6] - received[1]) / 5;
    assert.ok(received[1] - sent >= 195, 'the first tick comes after an interval');
    assert.ok(mean > 190 && mean < 280, `${mean} ms from tick to tick`);
    for (let i = 2; i < 7; ++i) assert.ok(received[i] - received[i - 1] > 100, 'no two ticks at a time');
    assert.deepEqual(numbers(await take(4, version, stream)).slice(0, 4), count_to(4));
  });

  test(`${version}: goes on after Last-Event-ID`, async () => {
    assert.deepEqual(numbers(await take(2, version, '-H', 'Last-Event-ID: 41', stream)).slice(0, 2), [42, 43]);
  });
}

test('--interval is a second by default', async () => {
  const server = await serve(ticks);
  const { received } = await trace(3, `${server.url}/ticks`);
  const apart = received[2] - received[1];
  assert.ok(apart > 950 && apart < 1200, `${apart} ms`);
  assert.equal(await server.end(), 0);
});

test('an event has its number as id and as data', async () => {
  assert.match(await take(2, stream), /^:\nid: 1\ndata: 1\n\nid: 2\ndata: 2\n\n/);
});

test('the head of an HTTP/1.1 stream is right', async () => {
  const head = (await take(1, '-i', stream)).split('\r\n\r\n')[0] + '\r\n';
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /^Content-Type: text\/event-stream\r$/m);
  assert.match(head, /^Cache-Control: no-store, no-transform\r$/m);
  assert.match(head, /^X-Accel-Buffering: no\r$/m);
  assert.match(head, /^Transfer-Encoding: chunked\r$/m);
  assert.match(head, /^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/m);
  assert.doesNotMatch(head, /^Content-Length:/im);
  assert.doesNotMatch(head, /^Connection: close/im);
});

test('an HTTP/1.0 stream is not chunked, and ends with the connection', async () => {
  const [head, body] = (await take(1, '-i', '--raw', '--http1.0', stream)).split('\r\n\r\n');
  assert.match(head, /^Content-Type: text\/event-stream\r$/m);
  assert.match(head, /^Connection: close\r?$/m);
  assert.doesNotMatch(head, /^(Transfer-Encoding|Content-Length):/im);
  assert.match(body, /^:\nid: 1\n/);
});

test('each chunk holds whole events', async () => {
  const [, body] = (await take(2, '-i', '--raw', stream)).split('\r\n\r\n');
  assert.ok(body.startsWith('2\r\n:\n\r\n' + 'f\r\nid: 1\ndata: 1\n\n\r\n'), JSON.stringify(body));
});

for (const name of ['last_event_id', 'lastEventId']) {
  test(`goes on after ?${name}=, and the header wins over it`, async () => {
    assert.equal(numbers(await take(1, `${stream}?${name}=6`))[0], 7);
    assert.equal(numbers(await take(1, '-H', 'Last-Event-ID: 41', `${stream}?${name}=6`))[0], 42);
  });
}

for (const id of ['seven', '-1', '1.5', '7x', '99999999999999999999', '%20']) {
  test(`the id '${id}' is no number: counts from 1`, async () => {
    assert.equal(numbers(await take(1, `${stream}?lastEventId=${id}`))[0], 1);
  });
}

test('HEAD gets the head of the stream and no body', async () => {
  const answer = await fetch('--head', stream);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(answer, /^Content-Type: text\/event-stream\r$/m);
  assert.ok(answer.endsWith('\r\n\r\n') && answer.split('\r\n\r\n').length === 2);
});

test('the page may load nothing but its own stream', async () => {
  const answer = await fetch('-i', fast.url);
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(answer, /^Content-Type: text\/html; charset=utf-8\r$/m);
  assert.match(answer, /^Content-Security-Policy: default-src 'none'; .*connect-src 'self'/m);
  assert.match(answer, /\r\n\r\n<!doctype html>/);
});

test('no such path is 404, no such method 405 with Allow', async () => {
  assert.match(await fetch('-i', `${fast.url}/ticks/`), /^HTTP\/1\.1 404 /);
  const answer = await fetch('-i', '-d', 'x', stream);
  assert.match(answer, /^HTTP\/1\.1 405 /);
  assert.match(answer, /^Allow: GET, HEAD, OPTIONS\r$/m);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  for (const version of versions) {
    test(`${signal} ends a stream over ${version} properly, and the program, within a second`, async () => {
      const server = await serve(ticks, '--interval', '1h');
      const client = curl(version, `${server.url}/ticks`);
      await until(() => client.stdout.length > 0, 'the stream to open');
      const begin = performance.now();
      assert.equal(await server.end(signal), 0);
      const ended = performance.now() - begin;
      assert.ok(ended < 1000, `after ${ended} ms`);
      assert.equal(await client.ended, 0, client.stderr); // 18 would be a body cut off
      assert.equal(server.complaints, '');
    });
  }
}

test('a Unix socket serves too', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'rill-')), 'socket');
  const server = new Program(ticks, ['--address', `unix:${path}`, '--interval', '50ms']);
  await until(() => server.stdout.includes(`listening on unix:${path}\n`), 'the server to listen');
  assert.deepEqual(numbers(await take(2, '--unix-socket', path, 'http://localhost/ticks')).slice(0, 2), [1, 2]);
  assert.equal(await server.end(), 0);
});

/// What the program says when it does not serve: nothing on standard output, one line on standard error.
async function refusal(...args) {
  const program = new Program(...args);
  const code = await program.ended;
  assert.equal(program.stdout, '');
  assert.match(program.stderr, /^[^\n]+\n$/);
  return { code, line: program.stderr };
}

test('a taken port is exit code 1 and one line', async () => {
  const { code, line } = await refusal(ticks, ['--port', fast.port]);
  assert.equal(code, 1);
  assert.match(line, new RegExp(`127\\.0\\.0\\.1:${fast.port}.*in use`));
});

test('an address that is not of this machine is exit code 1 and one line', async () => {
  assert.equal((await refusal(ticks, ['--port', '0', '--address', '192.0.2.1'])).code, 1);
});

const fewDescriptors = 'too few file descriptors are exit code 1 and one line';
if (sanitized) skip(fewDescriptors, 'the sanitizers need some themselves');
else test(fewDescriptors, async () => {
  const { code, line } = await refusal('sh', ['-c', 'ulimit -n 40 && exec "$0" --port 0 --threads 64', ticks]);
  assert.equal(code, 1);
  assert.match(line, /Too many open files/);
});

const bad = [
  ['--port', '65536'], ['--port', '-1'], ['--port', 'http'], ['--port', '0x10'], ['--port', ''], ['--port'],
  ['--threads', '257'], ['--threads', 'all'], ['--address'], ['--no-such-option'], ['a word'], ['a\nline'],
  ['--interval', '0s'], ['--interval', '5'], ['--interval', 's'], ['--interval', '-1s'], ['--interval', '1.5s'],
  ['--max-connections', '0'], ['--max-connections-per-address', 'few'], ['--lame-duck', 'soon'],
  ['--trust-proxy'], ['--trust-proxy', ''], ['--trust-proxy', ' '], ['--proxy-protocol'], ['--proxy-protocol', '\t'], ['--proxy-protocol', ''], ['--forwarded'],
  ['--interval', '1 s'], ['--interval', '1S'], ['--interval', '8761h'], ['--interval', '9999999999999999999s'],
];
for (const args of bad) {
  test(`${JSON.stringify(args)} is exit code 2 and one line`, async () => {
    const { code, line } = await refusal(ticks, args);
    assert.equal(code, 2);
    assert.match(line, /^ticks: .*--help/);
    if (args[0].startsWith('--')) assert.ok(line.includes(args[0]), line);
  });
}

for (const option of ['--trust-proxy', '--proxy-protocol']) {
  for (const [list, member] of [['10.0.0.0/33', '10.0.0.0/33'], ['::1,x', 'x'], ['::1,', ''], ['localhost', 'localhost'], ['127.0.0.1:80', '127.0.0.1:80'], ['127.0.0.1\nx', '127.0.0.1\\x0ax']]) {
    test(`${option} '${list}' is exit code 2 and one line, which names the member`, async () => {
      const { code, line } = await refusal(ticks, ['--port', '0', option, list]);
      assert.equal(code, 2);
      assert.ok(line.includes(`'${member}' is not an address, a network`), line);
    });
  }
}

for (const interval of ['1ms', '250ms', '2m', '8760h']) {
  test(`--interval ${interval} is one`, async () => {
    const server = await serve(ticks, '--interval', interval);
    assert.equal(await server.end(), 0);
  });
}

test('--help says what there is, on standard output', async () => {
  const program = new Program(ticks, ['--help']);
  assert.equal(await program.ended, 0);
  assert.equal(program.stderr, '');
  for (const option of ['--address', '--port', '--threads', '--interval', '--trust-proxy', '--proxy-protocol', '--forwarded',
    '--max-connections', '--max-connections-per-address', '--lame-duck']) assert.ok(program.stdout.includes(option));
});

test('all that was served left no word on standard error', async () => {
  await sleep(50);
  assert.equal(fast.complaints, '');
  assert.equal(await fast.end(), 0);
});

await run();
