// What a server does with its process: signals, a log that nobody reads, addresses: node process.mjs TICKS HUB
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, assert, run, serve, test, until } from '../browser/support.mjs';

const [ticks, hub, chat, llm] = process.argv.slice(2);
const here = mkdtempSync(join(tmpdir(), 'rill-process-'));

const answers = async server => {
  const answer = await fetch(server.url, { signal: AbortSignal.timeout(5000) });
  assert.equal(answer.status, 200);
  await answer.text();
};

// More of this: hub_bounds.mjs.
for (const [name, program] of Object.entries({ ticks, hub, chat, llm })) {
  test(`${name} answers no page of another origin, and no other host`, async () => {
    const server = await serve(program);
    const status = headers => new Promise((resolve, reject) =>
      http.get(server.url, { headers }, answer => { answer.resume(); resolve(answer.statusCode); }).on('error', reject));
    assert.equal(await status({}), 200);
    assert.equal(await status({ Host: 'evil.example' }), 403);
    assert.equal(await status({ Origin: 'http://evil.example' }), 403);
    assert.equal(await server.end(), 0);
  });
}

test('SIGHUP without TLS is a line in the log, and nothing else', async () => {
  const server = await serve(ticks);
  for (const count of [1, 2]) {
    server.child.kill('SIGHUP');
    await until(() => server.stderr.split('\n').length > count, 'the line');
    await answers(server);
  }
  assert.equal(server.stderr, 'rill: SIGHUP: there is no certificate to load again\n'.repeat(2));
  assert.equal(await server.end(), 0);
});

test('a lame duck says in its health check that it stops, serves on, and then drains', async () => {
  const server = await serve(hub, '--lame-duck', '1500ms');
  const health = async () => (await fetch(`${server.url}/healthz`)).status;
  assert.equal(await health(), 200);
  const stream = await fetch(`${server.url}/topics/news`);
  const told = stream.text();
  server.child.kill('SIGTERM');
  const begin = performance.now();
  await until(async () => await health() === 503, 'the health check to fail', 1000);
  const published = await fetch(`${server.url}/topics/news`, { method: 'POST', body: 'as before' });
  assert.equal(published.status, 204);
  assert.equal(await server.ended, 0);
  const lasted = performance.now() - begin;
  assert.ok(lasted > 1400 && lasted < 3000, `it ended after ${lasted} ms`);
  assert.match(await told, /\ndata: as before\n\n/); // and ends as a stream does
  assert.equal(server.complaints, 'rill: told to stop: health checks fail from now on\n');
});

test('a second signal has a lame duck drain at once', async () => {
  const server = await serve(hub, '--lame-duck', '1m');
  server.child.kill('SIGTERM');
  await until(() => server.stderr.includes('told to stop'), 'the line');
  const begin = performance.now();
  assert.equal(await server.end('SIGTERM'), 0);
  assert.ok(performance.now() - begin < 1000);
});

test('SIGHUP that nohup has turned off stays off', async () => {
  const server = await serve('sh', '-c', `trap '' HUP; exec "$0" "$@"`, ticks, '--port', '0');
  server.child.kill('SIGHUP');
  await answers(server);
  assert.equal(await server.end(), 0);
  assert.equal(server.complaints, '');
});

test('a log whose reader has gone ends no server', async () => {
  const server = await serve(hub);
  server.child.stderr.destroy();
  for (let n = 0; n < 3; ++n) {
    server.child.kill('SIGHUP');
    await answers(server);
  }
  assert.equal(await server.end(), 0);
});

test('a standard output whose reader has gone before it is written to ends no server', async () => {
  const path = join(here, 'mute');
  const pipeline = '{ "$0" --address "unix:$1" & echo "$!" >&2; wait "$!"; echo "ended with $?" >&2; } | true';
  const server = new Program('sh', ['-c', pipeline, ticks, path]);
  await until(() => existsSync(path), 'the server to listen');
  const [pid] = server.stderr.split('\n');
  process.kill(Number(pid), 'SIGTERM');
  await server.ended;
  assert.equal(server.stderr, `${pid}\nended with 0\n`);
});

/// A server whose standard error is a pipe that is full, and the end to read it from.
async function serve_beside_full_pipe(name) {
  const path = join(here, name);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  assert.throws(() => { for (;;) writeSync(reader, 'x'.repeat(4096)); }, { code: 'EAGAIN' });
  const writer = openSync(path, 'w');
  const server = new Program(ticks, ['--port', '0'], writer);
  closeSync(writer);
  [, server.url] = await until(() => server.stdout.match(/^listening on (\S+)\n/), 'the server to listen');
  return { server, reader };
}

test('a log that nobody reads holds up nobody, and comes out whole once it is read', async () => {
  const { server, reader } = await serve_beside_full_pipe('log');
  for (let n = 0; n < 3; ++n) {
    server.child.kill('SIGHUP');
    await answers(server);
  }
  const text = Buffer.alloc(1 << 20);
  const read = () => {
    try {
      return text.toString('utf8', 0, readSync(reader, text));
    } catch (nothing) {
      return '';
    }
  };
  let log = '';
  await until(() => { log += read(); return log.endsWith('load again\n'); }, 'the log');
  assert.match(log, /^x+(rill: SIGHUP: there is no certificate to load again\n)+$/);
  assert.equal(await server.end(), 0);
  closeSync(reader);
});

test('an exit does not wait for ever for a log that nobody reads', async () => {
  const { server, reader } = await serve_beside_full_pipe('stuck');
  server.child.kill('SIGHUP');
  await answers(server);
  assert.equal(await server.end(), 0);
  closeSync(reader);
});

/// What the program says when it does not serve: nothing on standard output, one line on standard error.
async function refusal(...args) {
  const program = new Program(ticks, args);
  const code = await program.ended;
  assert.equal(program.stdout, '');
  assert.match(program.stderr, /^[^\n]+\n$/);
  return { code, line: program.stderr };
}

const odd = [
  ['', /the address is empty/], ['unix:', /no path/], ['*'], ['0'], ['0x0'], ['00'], ['0.0'], [' 127.0.0.1'], ['127.0.0.1 '], ['[::1]'],
  ['127.0.0.256'], ['127.0.0.1:80'], ['http://127.0.0.1'], ['no.such.host.invalid'], [':::'], ['::1%none'],
  [`unix:${'x'.repeat(108)}`, /too long/], [`unix:${here}/${'x'.repeat(200)}`, /too long/],
];
for (const [address, said] of odd) {
  test(`--address '${address}' is exit code 2 and one line`, async () => {
    const { code, line } = await refusal('--port', '0', '--address', address);
    assert.equal(code, 2, line);
    assert.ok(line.startsWith(`cannot listen on `) && line.includes(address), line);
    if (said) assert.match(line, said);
  });
}

for (const [address, url] of [['0.0.0.0', /^http:\/\/0\.0\.0\.0:/], ['::', /^http:\/\/\[::\]:/], ['localhost', /^http:\/\/(127\.|\[::1\])/], ['127.1', /^http:\/\/127\.0\.0\.1:/]]) {
  test(`--address '${address}' is one`, async () => {
    const server = await serve(ticks, '--address', address);
    assert.match(server.url, url);
    assert.equal(await server.end(), 0);
  });
}

test('a file that is not a socket is left alone', async () => {
  const path = join(here, 'letter');
  writeFileSync(path, 'dear reader');
  const { code, line } = await refusal('--address', `unix:${path}`);
  assert.equal(code, 1);
  assert.match(line, /letter: Address already in use/);
});

test('the longest path that a socket can have is one', async () => {
  const path = join('/tmp', 'x'.repeat(107 - 5));
  const server = new Program(ticks, ['--address', `unix:${path}`]);
  await until(() => server.stdout.includes(path), 'the server to listen');
  assert.equal(await server.end(), 0);
  assert.equal(existsSync(path), false);
});

for (const program of [ticks, hub]) {
  test(`bad usage is exit code 2 although standard error is closed: ${program.split('/').pop()}`, async () => {
    const refused = new Program('sh', ['-c', 'exec "$0" --no-such-option 2>&-', program]);
    assert.equal(await refused.ended, 2);
    const full = new Program('sh', ['-c', 'exec "$0" --no-such-option 2>/dev/full', program]);
    assert.equal(await full.ended, 2);
  });
}

await run();
