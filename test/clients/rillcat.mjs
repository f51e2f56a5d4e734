// What rillcat prints and how it ends, against the hub, ticks, and servers that misbehave: node rillcat.mjs RILLCAT HUB
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, assert, run, serve, test, until } from '../browser/support.mjs';
import { publish } from './hub_support.mjs';

const [rillcat, hub_program] = process.argv.slice(2);
const hub = await serve(hub_program);
const scratch = mkdtempSync(join(tmpdir(), 'rillcat-'));
let topics = 0;
/// A topic that nobody else uses.
const topic = () => `${hub.url}/topics/t${++topics}`;

const cat = (...args) => new Program(rillcat, args);

/// Runs it to its end, with this exit code, and gives its standard output.
async function output(code, ...args) {
  const program = cat(...args);
  assert.equal(await program.ended, code, `${args.join(' ')}: ${program.stderr}`);
  return program.stdout;
}

/// One line on standard error, and this exit code.
async function complaint(code, ...args) {
  const program = cat(...args);
  assert.equal(await program.ended, code, `${args.join(' ')}: ${program.stdout}`);
  assert.match(program.stderr, /^rillcat: [^\n]+\n$/);
  return program.stderr;
}

/// A server that answers each request as `answer(request, response, number)` says, and keeps the requests.
async function script(answer) {
  const requests = [];
  const server = createServer((request, response) => {
    const body = [];
    request.on('data', piece => body.push(piece)).on('end', () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(body).toString() });
      answer(request, response, requests.length);
    });
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close: () => (server.closeAllConnections(), server.close()) };
}
const stream = (response, text) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text);

test('prints type, id and data as they come, and ends after --max-events', async () => {
  const t = topic();
  const first = await publish(t, { event: 'alarm', data: 'It burns.\nRun!' });
  const second = await publish(t, { data: 'It was a drill.' });
  assert.equal(await output(0, '--max-events', '2', `${t}?start=earliest`),
    `alarm #${first} It burns.\n  Run!\n#${second} It was a drill.\n`);
});

test('prints each event at once', async () => {
  const t = topic();
  const program = cat('--data', t);
  await until(async () => (await (await fetch(`${hub.url}/topics`)).json()).topics?.some(each => t.endsWith(`/${each.name}`) && each.subscribers === 1),
    'it to listen');
  for (const text of ['one', 'two']) {
    await publish(t, text);
    await until(() => program.stdout.endsWith(`${text}\n`), text, 2_000);
  }
  assert.equal(program.stdout, 'one\ntwo\n');
  assert.equal(await program.end('SIGINT'), 130);
  assert.equal(program.stderr, '');
});

test('--json gives an object per line', async () => {
  const t = topic();
  const id = await publish(t, { event: 'say "hi"', data: 'a\nb\u0000\u2028é😀' });
  const line = await output(0, '--json', '--max-events', '1', `${t}?start=earliest`);
  assert.equal(line.indexOf('\n'), line.length - 1);
  assert.deepEqual(JSON.parse(line), { type: 'say "hi"', data: 'a\nb\u0000\u2028é😀', lastEventId: id });
  assert.deepEqual(Object.keys(JSON.parse(line)), ['type', 'data', 'lastEventId']);
});

test('--data gives the data as it is', async () => {
  const t = topic();
  await publish(t, ' a\n\nb \u001b[31m');
  assert.equal(await output(0, '--data', '--max-events', '1', `${t}?start=earliest`), ' a\n\nb \u001b[31m\n');
});

test('--last-event-id goes on behind that event', async () => {
  const t = topic();
  const id = await publish(t, 'one');
  await publish(t, 'two');
  assert.equal(await output(0, '--data', '--max-events', '1', '--last-event-id', id, t), 'two\n');
});

test('reconnects with the last id when the stream ends, and says so', async () => {
  const server = await script((_, response, number) => stream(response, `retry: 10\nid: ${number}\ndata: ${number}\n\n`));
  const program = cat('--max-events', '3', server.url);
  assert.equal(await program.ended, 0);
  assert.equal(program.stdout, '#1 1\n#2 2\n#3 3\n');
  assert.deepEqual(server.requests.map(({ headers }) => headers['last-event-id']), [undefined, '1', '2']);
  assert.match(program.stderr, /^(rillcat: GET [^\n]+; again in 0\.1 s\n){2}$/);
  server.close();
});

test('a POST is sent once, unless --retry-post says so', async () => {
  const server = await script((request, response, number) => {
    if (request.url === '/cut') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('retry: 10\ndata: a\n\n');
      setTimeout(() => response.destroy(), 50);
    } else if (request.url === '/busy') {
      response.writeHead(503, { 'Retry-After': '0' }).end();
    } else {
      response.writeHead(request.url === '/created' ? 201 : 200, { 'Content-Type': 'text/event-stream' }).end(`retry: 10\ndata: ${number}\n\n`);
    }
  });
  assert.equal(await output(0, '-d', '{}', server.url), '1\n');
  assert.equal(await output(0, '-d', '{}', `${server.url}/created`), '2\n');
  assert.equal(await output(0, '--once', '-d', '{}', `${server.url}/created`), '3\n');
  assert.equal(await output(1, '-d', '{}', `${server.url}/cut`), 'a\n');
  assert.match(await complaint(1, '-d', '{}', `${server.url}/busy`), /503/);
  assert.equal(server.requests.length, 5);
  assert.equal(await output(0, '--retry-post', '--max-events', '3', '-d', '{}', server.url), '6\n7\n8\n');
  // What says that it may be repeated is asked again as ever.
  assert.equal(await output(0, '-X', 'QUERY', '--max-events', '2', '-d', '{}', server.url), '9\n10\n');
  server.close();
});

test('a POST that nobody has got is tried again', async () => {
  const program = cat('-d', '{}', 'http://127.0.0.1:1/');
  await until(() => program.stderr.includes('again in'), 'an attempt');
  assert.equal(await program.end('SIGINT'), 130);
});

test('fields that are given win, and those of the connection are refused', async () => {
  const server = await script((_, response) => stream(response, 'data: ok\n\n'));
  const fields = ['-H', 'Accept: application/json, text/event-stream', '-H', 'Cache-Control: max-age=0', '-H', 'Last-Event-ID: 7', '-H', 'accept-encoding: *'];
  await output(0, '--once', ...fields, '-d', '{}', server.url);
  await output(0, '--max-events', '1', ...fields, server.url);
  for (const { headers } of server.requests)
    assert.deepEqual([headers.accept, headers['cache-control'], headers['last-event-id'], headers['accept-encoding']],
      ['application/json, text/event-stream', 'max-age=0', '7', '*']);
  await output(0, '--once', server.url);
  await output(0, '--max-events', '1', server.url);
  for (const { headers } of server.requests.slice(2))
    assert.deepEqual([headers.accept, headers['cache-control'], headers['accept-encoding']], ['text/event-stream', 'no-cache', 'identity']);
  for (const name of ['Host', 'host', 'Connection', 'Content-Length', 'Transfer-Encoding'])
    assert.match(await complaint(2, '-H', `${name}: 1`, server.url), new RegExp(name));
  assert.equal(server.requests.length, 4);
  server.close();
});

test('letters beyond ASCII may be typed in a URL, and a host of them is refused with its cause', async () => {
  const server = await script((_, response) => stream(response, 'data: ok\n\n'));
  assert.equal(await output(0, '--once', `${server.url}/café?q=日本#é`), 'ok\n');
  assert.equal(server.requests[0].url, '/caf%C3%A9?q=%E6%97%A5%E6%9C%AC');
  assert.match(await complaint(1, 'http://bücher.example/'), /IDNA/);
  assert.match(await complaint(1, 'bücher.example'), /IDNA/);
  assert.match(await complaint(1, 'ws://localhost/'), /ws/);
  assert.match(await complaint(1, 'http:/localhost/'), /not a URL/);
  server.close();
});

test('proxies: one that cannot be used is told where it is needed', async () => {
  const server = await script((_, response) => stream(response, 'data: ok\n\n'));
  const seen = async (environment, url) => {
    const shell = new Program('env', ['-u', 'no_proxy', '-u', 'NO_PROXY', ...environment, rillcat, '--once', url]);
    return [await shell.ended, shell.stdout, shell.stderr];
  };
  assert.deepEqual(await seen(['https_proxy=socks5://127.0.0.1:1080'], server.url), [0, 'ok\n', '']);
  assert.deepEqual(await seen(['ALL_PROXY=socks5://127.0.0.1:1080', 'NO_PROXY=127.0.0.0/8'], server.url), [0, 'ok\n', '']);
  const [code, , words] = await seen(['ALL_PROXY=socks5h://u:secret@127.0.0.1:1080'], server.url);
  assert.equal(code, 1);
  assert.match(words, /^rillcat: [^\n]*ALL_PROXY[^\n]*socks5h:\/\/[^\n]*\n$/);
  assert.doesNotMatch(words, /secret/);
  server.close();
});

test('--once ends with the stream', async () => {
  const server = await script((_, response) => stream(response, 'data: a\n\ndata: b\n\n'));
  assert.equal(await output(0, '--once', server.url), 'a\nb\n');
  assert.equal(server.requests.length, 1);
  assert.equal(server.requests[0].headers.accept, 'text/event-stream');
  server.close();
});

test('--once shows no checkpoint, and counts none', async () => {
  const t = topic();
  const id = await publish(t, 'x');
  assert.equal(await output(0, '--once', '--max-events', '1', `${t}?start=earliest`), `#${id} x\n`);
});

test('--once with a stream that breaks is a failure', async () => {
  const server = await script((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: a\n\n');
    setTimeout(() => response.destroy(), 50);
  });
  const program = cat('--once', server.url);
  assert.equal(await program.ended, 1);
  assert.equal(program.stdout, 'a\n');
  assert.match(program.stderr, /^rillcat: GET [^\n]+\n$/);
  server.close();
});

test('sends what curl would: method, fields and body', async () => {
  const server = await script((_, response) => stream(response, 'data: ok\n\n'));
  await output(0, '--once', '-d', '{"a": 1}', server.url);
  await output(0, '--once', '-X', 'PUT', '-H', 'X-One: 1', '-H', 'Content-Type:text/plain', '-d', 'hi', server.url);
  await output(0, '--once', '-X', 'REPORT', server.url);
  const [post, put, report] = server.requests;
  assert.equal(post.method, 'POST');
  assert.equal(post.headers['content-type'], 'application/json');
  assert.equal(post.body, '{"a": 1}');
  assert.equal(put.method, 'PUT');
  assert.equal(put.headers['x-one'], '1');
  assert.equal(put.headers['content-type'], 'text/plain');
  assert.equal(put.body, 'hi');
  assert.equal(report.method, 'REPORT');
  server.close();
});

test('-d @FILE and @- read the body', async () => {
  const server = await script((_, response) => stream(response, 'data: ok\n\n'));
  const file = join(scratch, 'body');
  writeFileSync(file, 'from a file\n');
  await output(0, '--once', '-d', `@${file}`, server.url);
  const child = spawn(rillcat, ['--once', '-d', '@-', server.url], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end('from a pipe');
  assert.equal(await new Promise(done => child.on('close', done)), 0);
  assert.deepEqual(server.requests.map(({ body }) => body), ['from a file\n', 'from a pipe']);
  server.close();
});

test('http:// may be left out', async () => {
  const server = await script((_, response) => stream(response, 'data: ok\n\n'));
  assert.equal(await output(0, '--once', server.url.replace('http://', '')), 'ok\n');
  server.close();
});

test('an address in a form of its own is told to the server as every other client tells it', async () => {
  const t = topic();
  const id = await publish(t, 'x');
  const { port, pathname } = new URL(t);
  for (const host of ['127.1', '0x7f.1', '2130706433'])
    assert.equal(await output(0, '--max-events', '1', `http://${host}:${port}${pathname}?start=earliest`), `#${id} x\n`);
});

test('the zone of an IPv6 address is connected to, and not told to the server', async () => {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.host);
    stream(response, 'data: x\n\n');
  });
  await new Promise(listening => server.listen(0, '::1', listening));
  const { port } = server.address();
  for (const zone of ['%25lo', '%lo']) assert.equal(await output(0, '--max-events', '1', `http://[::1${zone}]:${port}/`), 'x\n');
  assert.deepEqual(asked, [`[::1]:${port}`, `[::1]:${port}`]);
  server.closeAllConnections();
  server.close();
});

test('--timeout ends it with exit code 3', async () => {
  const begin = Date.now();
  assert.equal(await output(3, '--timeout', '300ms', topic()), '');
  assert.ok(Date.now() - begin >= 300);
});

test('Ctrl-C ends it while it waits to reconnect, too', async () => {
  const program = cat('http://127.0.0.1:1/');
  await until(() => program.stderr.includes('again in'), 'an attempt');
  assert.equal(await program.end('SIGINT'), 130);
  assert.match(program.stderr, /^rillcat: GET http:\/\/127\.0\.0\.1:1\/: [^\n]+refused; again in 3\.0 s\n$/);
  const server = await script((_, response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n'));
  const reading = cat(server.url);
  await until(() => server.requests.length === 1, 'it to ask');
  assert.equal(await reading.end('SIGTERM'), 143);
  assert.equal(reading.stderr, '');
  server.close();
});

test('what will not get better is a failure: 404, 204, another media type', async () => {
  const answers = { '/404': [404, 'text/event-stream'], '/204': [204, 'text/event-stream'], '/html': [200, 'text/html'] };
  const server = await script((request, response) => {
    const [status, type] = answers[request.url];
    response.writeHead(status, { 'Content-Type': type }).end();
  });
  assert.match(await complaint(1, `${server.url}/404`), /404/);
  assert.match(await complaint(1, `${server.url}/204`), /204/);
  assert.match(await complaint(1, `${server.url}/html`), /text\/html/);
  assert.match(await complaint(1, '--once', `${server.url}/404`), /404/);
  server.close();
});

test('a server that cannot be reached is a failure with --once', async () => {
  assert.match(await complaint(1, '--once', 'http://127.0.0.1:1/'), /refused/);
  assert.match(await complaint(1, '--once', 'http://nowhere.invalid/'), /nowhere\.invalid/);
});

test('wrong options are said in a line, with exit code 2', async () => {
  for (const args of [[], ['--json', '--data', 'x'], ['-X', 'no method', 'x'], ['-H', 'nothing', 'x'], ['-H', 'a b: c', 'x'],
    ['-H', 'A: b\u0001', 'x'], ['--max-events', '0', 'x'], ['--max-events', 'many', 'x'], ['--timeout', '5', 'x'],
    ['--timeout', '0s', 'x'], ['-d', `@${scratch}/nothing`, 'x'], [''], ['--bogus', 'x'], ['x', 'y']])
    await complaint(2, ...args);
});

test('a URL that is none, and authorities that cannot be read, are failures with their cause', async () => {
  assert.match(await complaint(1, 'ftp://x/'), /ftp:\/\/x\//);
  assert.match(await complaint(1, 'http:///x'), /URL/);
  assert.match(await complaint(2, '--cacert', `${scratch}/nothing.pem`, 'https://127.0.0.1:1/'), /nothing\.pem/);
});

test('a reader that goes away ends it without a word', async () => {
  const server = await script((_, response) => stream(response, `data: ${'x'.repeat(1000)}\n\n`.repeat(1000)));
  const shell = new Program('sh', ['-c', '"$0" --once --data "$1" | head -n 1', rillcat, server.url]);
  assert.equal(await shell.ended, 0);
  assert.equal(shell.stdout, `${'x'.repeat(1000)}\n`);
  assert.equal(shell.stderr, '');
  server.close();
});

test('on a terminal it has colours, unless NO_COLOR is set, and shows control characters', async () => {
  const server = await script((_, response) => stream(response, 'event: alarm\nid: 7\ndata: \u001b]0;evil\u0007\u009b2J\n\n'));
  const seen = async environment => {
    const log = join(scratch, 'typescript');
    const shell = new Program('script', ['-qec', `env ${environment} ${rillcat} --once ${server.url}`, log]);
    assert.equal(await shell.ended, 0, shell.stderr);
    return shell.stdout.replaceAll('\r', '');
  };
  const shown = '\\x1b]0;evil\\x07\\x9b2J\n';
  assert.equal(await seen('TERM=xterm'), `\u001b[36malarm\u001b[0m \u001b[2m#7\u001b[0m ${shown}`);
  for (const none of ['TERM=xterm NO_COLOR=1', 'TERM=dumb']) assert.equal(await seen(none), `alarm #7 ${shown}`);
  server.close();
});

test('neither --data nor --json lets a stream play with a terminal', async () => {
  const server = await script((_, response) => stream(response, 'event: \u009b1m\ndata: \u001b]0;evil\u0007\tb\ndata: \u009b2J\u007f é\n\n'));
  const on_terminal = async option => {
    const shell = new Program('script', ['-qec', `env TERM=xterm ${rillcat} --once ${option} ${server.url}`, join(scratch, 'typescript')]);
    assert.equal(await shell.ended, 0, shell.stderr);
    return shell.stdout.replaceAll('\r', '');
  };
  assert.equal(await on_terminal('--data'), '\\x1b]0;evil\\x07\tb\n\\x9b2J\\x7f é\n');
  const line = '{"type":"\\u009b1m","data":"\\u001b]0;evil\\u0007\\tb\\n\\u009b2J\\u007f é","lastEventId":""}\n';
  assert.equal(await on_terminal('--json'), line);
  assert.equal(await output(0, '--once', '--json', server.url), line);
  assert.equal(JSON.parse(line).data, '\u001b]0;evil\u0007\tb\n\u009b2J\u007f é');
  server.close();
});

test('--help says all, on standard output', async () => {
  const help = await output(0, '--help');
  for (const option of ['-X', '-H', '-d', '--json', '--data', '--once', '--retry-post', '--last-event-id', '--max-events', '--timeout', '--cacert', '-k'])
    assert.match(help, new RegExp(`^  ${option} `, 'm'));
  assert.match(help, /Exit codes/);
});

await run();
