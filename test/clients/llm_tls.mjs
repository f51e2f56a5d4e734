// The language model with another upstream over https, whose authority is private: node llm_tls.mjs LLM CERTIFICATES
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { assert, run, serve, test, until } from '../browser/support.mjs';
import { begin, chunks_in, complete, content_of, hear, idle, model, refused, running, said } from './llm_support.mjs';

const [program, certificates] = process.argv.slice(2);
const file = name => join(certificates, name);
const over_tls = (name, ...args) => serve(program, '--certificate', file(`${name}.pem`), '--private-key', file(`${name}.key`), ...args);
const relay_to = (origin, ...args) => serve(program, '--upstream', `${origin.url}/v1`, '--model', model, ...args);
const trusting = ['--upstream-ca', file('ca.pem')];

// The test asks in the clear what it asks by itself: Node trusts no authority of ours.
const plain = await serve(program, '--pace', '1ms');
const origin = await over_tls('server', '--pace', '1ms');
const slow_origin = await over_tls('server', '--pace', '50ms');
const relay = await relay_to(origin, ...trusting);
const slow_relay = await relay_to(slow_origin, ...trusting);

test('upstream speaks https', () => assert.match(origin.url, /^https:/));

test('an answer, a stream and a run come over TLS as they do without', async () => {
  const [here, there] = await Promise.all([relay, plain].map(async server => {
    const whole = (await (await complete(server, { seed: 1 })).json()).choices[0].message.content;
    const stream = content_of(chunks_in(await (await complete(server, { seed: 1, stream: true })).text()));
    return [whole, stream, said((await hear(await begin(server, { seed: 1 }))).events)];
  }));
  assert.deepEqual(here, there);
  assert.equal(new Set(here).size, 1);
});

test('twenty streams at once come whole', async () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const texts = server => Promise.all(seeds.map(async seed => content_of(chunks_in(await (await complete(server, { seed, stream: true })).text()))));
  assert.deepEqual(await texts(relay), await texts(plain));
});

test('when the client leaves, upstream is left within 200 ms', async () => {
  const abort = new AbortController();
  const answer = await complete(slow_relay, { stream: true }, { signal: abort.signal });
  await answer.body.getReader().read();
  assert.equal(await running(slow_relay), 1);
  const before = performance.now();
  abort.abort();
  await idle(slow_relay);
  assert.ok(performance.now() - before < 200);
});

test('from https, no redirect to http is followed, and nothing of the request is sent there', async () => {
  let asked = 0;
  const options = { cert: await readFile(file('server.pem')), key: await readFile(file('server.key')) };
  const secure = https.createServer(options, (request, response) => {
    response.writeHead(307, { Location: `http://localhost:${open.address().port}/v1/chat/completions` }).end();
  }).listen(0);
  const open = http.createServer((request, response) => { ++asked; response.end(); }).listen(0);
  await Promise.all([secure, open].map(each => new Promise(resolve => each.listening ? resolve() : each.once('listening', resolve))));
  const server = await serve(program, '--upstream', `https://localhost:${secure.address().port}/v1`, '--model', model, ...trusting);
  for (const stream of [true, false]) await refused(await complete(server, { stream }), 502, /not followed/, { code: null });
  assert.equal(asked, 0);
  await server.end();
  secure.close();
  open.close();
});

for (const [what, certificate, args] of [
  ['an authority that is not trusted', 'server', []], ['another authority', 'server', ['--upstream-ca', file('other_ca.pem')]],
  ['a wrong host', 'wrong_host', trusting], ['an expired certificate', 'expired', trusting],
]) {
  test(`${what} is 502, and says why`, async () => {
    const untrusted = await over_tls(certificate);
    const server = await relay_to(untrusted, ...args);
    for (const stream of [true, false]) await refused(await complete(server, { stream }), 502, /certificate/, { code: 'upstream_unreachable' });
    const { events: [{ type, data }] } = await hear(await begin(server));
    assert.deepEqual([type, JSON.parse(data).status], ['failed', 502]);
    assert.equal(await server.end(), 0);
    assert.equal(server.complaints, '');
    await untrusted.end();
  });
}

test('SIGTERM ends both while they are at work', async () => {
  const heard = complete(slow_relay, { stream: true }).then(answer => answer.text());
  await until(async () => await running(slow_relay) === 1, 'it to begin');
  for (const server of [slow_relay, slow_origin, relay, origin]) {
    assert.equal(await server.end(), 0);
    assert.equal(server.complaints, '');
  }
  await heard;
});

await run();
