// What the hub program refuses, and how it says why: node hub_refusals.mjs HUB
import { Program, assert, run, serve, test } from '../browser/support.mjs';
import { curl, kept, listen, post, problem, publish, statistics } from './hub_support.mjs';

const [program] = process.argv.slice(2);
const hub = await serve(program);
const topic = `${hub.url}/topics/t`;
const json = (text, url = topic) => post(url, text, { 'Content-Type': 'application/json' });

// Events

const bad_queries = [
  ['event=a%0Ab', /name .* line end/], ['event=a%0Db', /name .* line end/],
  ['id=a%0Ab', /line end|control/], ['id=a%0Db', /line end|control/], ['id=a%00b', /NUL|control/],
  ['id=a%01b', /id/], ['id=a%7Fb', /id/], ['id=%20a', /id/], ['id=a%09', /id/],
  ['id=%C3%BC', /beyond ASCII/], ['id=a%E2%80%A8', /beyond ASCII/], ['id=%ff', /UTF-8/], ['event=%ff', /UTF-8/],
  ['key=%C3%28', /UTF-8/], ['%ff=1', /UTF-8/],
  ['id=', /id/], ['id=a,b', /id/], [`id=${'i'.repeat(257)}`, /id/], [`event=${'e'.repeat(257)}`, /256 bytes/],
  [`key=${'k'.repeat(257)}`, /key/],
];
for (const [query, why] of bad_queries) {
  test(`POST ?${query.slice(0, 20)} is 400`, async () => problem(await post(`${topic}?${query}`, 'x'), 400, why));
}

test('an id of the form that the topic itself gives is 400', async () => {
  const id = await publish(topic, 'x');
  await problem(await post(`${topic}?id=${id}`, 'y'), 400, /id/);
});

test('a body that is not UTF-8 is 400', async () => {
  await problem(await post(topic, Buffer.from([0x61, 0xff])), 400, /UTF-8/);
  await problem(await json(Buffer.from('{"data": "\xff"}', 'latin1')), 400, /UTF-8/);
});

const bad_json = [
  ['', /no JSON .* byte 1 /], ['{', /no JSON .* byte 2 /], ['{"data": "x"', /no JSON/], ['{"data": "x"} x', /no JSON/],
  ['{"data": "x",}', /no JSON/], [`{'data': 'x'}`, /no JSON .* byte 2 /], ['{"data": "a\nb"}', /no JSON .* byte 12 /],
  ['{"data": "\\ud800"}', /no JSON/], ['{"data": "\\x"}', /no JSON/], ['[', /no object/], ['"'.padEnd(100_000), /no JSON/],
  ['[]', /no object/], ['[{"data": "x"}]', /no object/], ['"x"', /no object/], ['1', /no object/], ['null', /no object/],
  ['{}', /nothing in it/], ['{"key": "k"}', /nothing in it/],
  ['{"data": 1}', /'data' is no string/], ['{"data": null}', /'data' is no string/], ['{"data": {"a": 1}}', /'data' is no string/],
  ['{"data": ["a"]}', /'data' is no string/], ['{"event": true, "data": "x"}', /'event' is no string/], ['{"id": 7}', /'id' is no string/],
  ['{"key": {}}', /'key' is no string/], ['{"data": "x", "Data": "y"}', /no member 'Data'/], ['{"comment": "x"}', /no member 'comment'/],
  ['{"": "x"}', /no member ''/], [`{"${'m'.repeat(1000)}": 1}`, /no member 'm{40}'/],
  ['{"data": "x", "data": "y"}', /'data' comes twice/], ['{"retry": 1, "retry": 1}', /'retry' comes twice/],
  ...['-1', '-0.5', '1.0', '1e3', '"1"', 'null', 'true', '[1]', '{}', '9223372036854775808', '18446744073709551615', '1e400', '99999999999999999999']
    .map(value => [`{"data": "x", "retry": ${value}}`, /'retry' is no whole number|number in it that is too large/]),
  ['{"id": "\\u00fc", "data": "x"}', /beyond ASCII/],
  ['{"event": "a\\nb", "data": "x"}', /name .* line end/], ['{"id": "a\\u0000b"}', /NUL|control/], ['{"id": "a\\rb"}', /line end|control/],
];
for (const [text, why] of bad_json) {
  test(`POST ${JSON.stringify(text.slice(0, 50).trim())} is 400`, async () => problem(await json(text), 400, why));
}

for (const retry of [0, 1, 99, 600_001, Number.MAX_SAFE_INTEGER])
  test(`a retry of ${retry} ms is 400`, async () => problem(await json(`{"data": "x", "retry": ${retry}}`), 400, /retry time/));

for (const name of ['gap', 'checkpoint', 'refused']) {
  test(`an event of the name '${name}' is 400, since clients trust it to be the hub's own`, async () => {
    await problem(await post(`${topic}?event=${name}`, 'x'), 400, /reserved/);
    await problem(await json(`{"data": "{}", "event": "${name}"}`), 400, /reserved/);
  });
}

test('hostile JSON costs nothing', async () => {
  await problem(await json('['.repeat(8 << 20)), 400, /no object/);
  await problem(await json('{"data":'.repeat(1 << 20)), 400, /'data' is no string/);
  await problem(await json(`{${'"a":1,'.repeat(1 << 20)}`), 400, /no member 'a'/);
});

test('an id that repeats is 409, until the log has forgotten it', async () => {
  const server = await serve(program, '--keep-events', '2');
  const url = `${server.url}/topics/t?id=7`;
  assert.equal((await post(url, 'x')).status, 204);
  await problem(await post(url, 'x'), 409, /id already/);
  await publish(`${server.url}/topics/t`, 'y');
  await publish(`${server.url}/topics/t`, 'z');
  assert.equal((await post(url, 'x')).status, 204);
  await server.end('SIGKILL');
});

test('what was refused is not published', async () => {
  const url = `${hub.url}/topics/clean`;
  await problem(await post(`${url}?id=,`, 'x'), 400, /id/);
  await problem(await json('{"data": "x", "retry": -1}', url), 400, /retry/);
  await publish(url, 'y');
  assert.deepEqual((await kept(url, 1)).map(({ data }) => data), ['y']);
});

// What is too much

test('an event larger than the log may be is 413', async () => {
  const server = await serve(program, '--keep-bytes', '1KiB');
  await problem(await post(`${server.url}/topics/t`, 'x'.repeat(1024)), 413, /larger/);
  await problem(await post(`${server.url}/topics/t`, '\n'.repeat(200)), 413, /larger/);
  await publish(`${server.url}/topics/t`, 'x'.repeat(900));
  await server.end('SIGKILL');
});

test('a body larger than 8 MiB is 413', async () => {
  const too_much = 'x'.repeat((8 << 20) + 1);
  assert.equal((await post(topic, too_much)).status, 413);
});

test('a body that turns out to be too large is 413, with a problem if it was asked for', async () => {
  const server = await serve(program, '--max-body', '10');
  const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue'];
  const poster = curl('-i', ...chunked, '-d', '0123456789a', `${server.url}/topics/t`);
  await poster.ended;
  assert.match(poster.stdout, /^HTTP\/1\.1 100 .*\r\n\r\nHTTP\/1\.1 413 /);
  assert.match(poster.stdout, /^Content-Type: application\/problem\+json\r$/m);
  await publish(`${server.url}/topics/t`, '0123456789');
  await server.end('SIGKILL');
});

test('one topic too many that has events is 503 for publishers; to read it is possible', async () => {
  const server = await serve(program, '--max-topics', '2', '--keep-age', '1s');
  await publish(`${server.url}/topics/a`, 'x');
  await publish(`${server.url}/topics/b`, 'x');
  await problem(await post(`${server.url}/topics/c`, 'x'), 503, /too many topics/);
  const reader = await listen(`${server.url}/topics/c`);
  await publish(`${server.url}/topics/b`, 'y');
  for (let status = 503; status !== 204;) ({ status } = await post(`${server.url}/topics/c`, 'x'));
  await reader.events(1);
  await server.end('SIGKILL');
});

// Topics, and other ways to ask

const bad_reads = [
  ['a,a', /twice/], ['a,', /name/], [',', /name|twice/], ['a,,b', /name/], ['a,b,c,d,e,f,g,h,i', /more than eight/],
  ['a%2Ca', /twice/], ['n'.repeat(129), /name/], [encodeURIComponent('ž'.repeat(65)), /name/],
  ['a?start=latest', /earliest/], ['a?start=', /earliest/], [`a?last_event_id=${'i'.repeat(257)}`, /256 bytes/],
];
for (const [path, why] of bad_reads) {
  test(`GET /topics/${path.slice(0, 20)} is 400`, async () => problem(await fetch(`${hub.url}/topics/${path}`), 400, why));
}

for (const name of ['a,b', 'a%2Cb', 'n'.repeat(129)]) {
  test(`POST /topics/${name.slice(0, 10)} is 400`, async () => problem(await post(`${hub.url}/topics/${name}`, 'x'), 400, /name/));
}

test('no such path is 404 with a problem, no such method 405 with Allow', async () => {
  for (const path of ['topics/', 'topic/a', 'topics/a/b', 'topics/%ff'])
    await problem(await fetch(`${hub.url}/${path}`), 404, /Not Found/);
  const answer = await fetch(topic, { method: 'DELETE' });
  assert.equal(answer.headers.get('Allow'), 'GET, HEAD, POST, OPTIONS');
  await problem(answer, 405, /Method Not Allowed/);
  assert.equal((await fetch(topic, { method: 'OPTIONS' })).status, 204);
});

test('a topic that was only misnamed does not come to be', async () => {
  const before = (await statistics(hub)).topics.length;
  await fetch(`${hub.url}/topics/new-1,new-2,new-3,new-3`);
  await fetch(`${hub.url}/topics/new-4?start=now`);
  await post(`${hub.url}/topics/new-5,new-6`, 'x');
  await json('{', `${hub.url}/topics/new-7`);
  assert.equal((await statistics(hub)).topics.length, before);
});

// The page, and the command line

test('the page may load nothing, and ask this server only', async () => {
  const answer = await fetch(hub.url);
  assert.equal(answer.headers.get('Content-Type'), 'text/html; charset=utf-8');
  assert.match(answer.headers.get('Content-Security-Policy'), /^default-src 'none'; .*connect-src 'self'/);
  assert.match(await answer.text(), /^<!doctype html>/);
});

const bad_options = [
  ['--keep-events', '0'], ['--keep-events', '-1'], ['--keep-events', 'all'], ['--keep-events', '1.5'], ['--keep-events', '99999999999999999999'],
  ['--keep-bytes', '0'], ['--keep-bytes', '16MB'], ['--keep-bytes', '16 MiB'], ['--keep-bytes', '16mib'], ['--keep-bytes', 'MiB'],
  ['--keep-bytes', '-1KiB'], ['--keep-bytes', '17179869184GiB'], ['--keep-bytes', ''], ['--keep-bytes'],
  ['--keep-age', '1'], ['--keep-age', '0s'], ['--keep-age', '1d'], ['--keep-age', '8761h'],
  ['--max-topics', '0'], ['--max-topics', 'many'], ['--max-bytes', '0'], ['--max-bytes', '1GB'], ['--new-topics', '0'],
  ['--allow-host', ''], ['--allow-host', 'http://a'], ['--allow-host'], ['--allow-origin', 'a.example'], ['--allow-origin', '*'], ['--allow-origin', 'https://a/b'],
  ['--max-body', '0'], ['--max-body', '8M'],
  ['--policy', 'none'], ['--policy', ''], ['--policy', 'Skip'], ['--policy', '0'], ['--policy'],
  ['--keep'], ['news'],
];
for (const args of bad_options) {
  test(`${JSON.stringify(args)} is exit code 2 and one line`, async () => {
    const refused = new Program(program, args);
    assert.equal(await refused.ended, 2);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, /^hub: [^\n]*--help[^\n]*\n$/);
    if (args[0].startsWith('--')) assert.ok(refused.stderr.includes(args[0]), refused.stderr);
  });
}

const good_options = [
  '--keep-events 1', '--keep-bytes 1', '--keep-bytes 64KiB', '--keep-bytes 1GiB', '--keep-age 1ms', '--keep-age 8760h', '--max-topics 1',
  '--max-bytes 1MiB', '--new-topics 1', '--allow-host a.example', '--allow-host [::1]:80', '--allow-origin https://a.example:444',
  '--max-body 17179869183GiB', '--policy disconnect', '--policy skip', '--policy latest',
];
for (const line of good_options) {
  test(`${line} will do`, async () => {
    const server = await serve(program, ...line.split(' '));
    assert.equal(await server.end(), 0);
  });
}

test('--help says what there is, and what it is by default', async () => {
  const help = new Program(program, ['--help']);
  assert.equal(await help.ended, 0);
  assert.equal(help.stderr, '');
  for (const [option, by_default] of Object.entries({
    'keep-events': '10000', 'keep-bytes': '16MiB', 'keep-age': '1h', 'max-topics': '10000', 'max-bytes': '256MiB', 'new-topics': '2500', 'max-body': '8MiB', policy: 'disconnect',
  })) assert.match(help.stdout, new RegExp(`--${option} .*\\(${by_default}\\)`));
});

test('all these refusals left no word on standard error', async () => {
  assert.equal(await hub.end(), 0);
  assert.equal(hub.complaints, '');
});

await run();
