// The language model with another server upstream, of our own or one that the test answers for: node llm_upstream.mjs LLM
import { assert, run, serve, test, until } from '../browser/support.mjs';
import {
  as_events, begin, behind, chunks_in, complete, content_of, hear, idle, model, post, question, refused, running, said, seed_for, status,
} from './llm_support.mjs';

const [program] = process.argv.slice(2);
const seed = await seed_for(program, 80, 150);
const origin = await serve(program, '--pace', '1ms');
const slow_origin = await serve(program, '--pace', '50ms');
const relay = await serve(program, '--upstream', `${origin.url}/v1/`, '--model', model);
const slow_relay = await serve(program, '--upstream', `${slow_origin.url}/v1`, '--model', model, '--grace', '300ms');

const alike = ({ id, created, ...rest }) => rest;
const chunk = (content, finish_reason = null) => JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason }] });

// One of ours upstream

test('answers, streams, models and errors are those of upstream', async () => {
  const [here, there] = await Promise.all([relay, origin].map(async server => {
    const whole = alike(await (await complete(server, { seed })).json());
    const stream = await complete(server, { seed, stream: true, stream_options: { include_usage: true } });
    assert.equal(stream.headers.get('Content-Type'), 'text/event-stream');
    const models = await (await fetch(`${server.url}/v1/models`)).json();
    const card = await (await fetch(`${server.url}/v1/models/${model}`)).json();
    return { whole, chunks: chunks_in(await stream.text()).map(alike), models, card };
  }));
  assert.deepEqual(here, there);
  await refused(await complete(relay, { model: 'x' }), 404, /no model 'x'/, { param: 'model', code: 'model_not_found' });
  await refused(await complete(relay, { n: 2 }), 400, /one choice/, { param: 'n' });
  await refused(await post(`${relay.url}/v1/chat/completions`, '{'), 400, /no JSON/);
  await refused(await fetch(`${relay.url}/v1/models/a%20b`), 404, /no model 'a b'/);
});

test('the model of the command line is for requests that name none', async () => {
  const answer = await complete(relay, { model: undefined, seed: 1, max_tokens: 2 });
  assert.equal((await answer.json()).model, model);
});

test('a run reads its text, its end and its usage from upstream', async () => {
  const [here, there] = await Promise.all([relay, origin].map(async server => (await hear(await begin(server, { seed, stream_options: { include_usage: true } }))).events));
  assert.equal(said(here), said(there));
  assert.equal(here.at(-1).data, there.at(-1).data);
});

test('what upstream refuses ends a run with its status and error', async () => {
  const { events } = await hear(await begin(relay, { model: 'x' }));
  assert.deepEqual(events.map(({ type }) => type), ['failed']);
  const { status: code, error } = JSON.parse(events[0].data);
  assert.deepEqual([code, error.code, error.param], [404, 'model_not_found', 'model']);
});

test('when the client leaves, upstream stops within 200 ms', async () => {
  const abort = new AbortController();
  const answer = await complete(slow_relay, { stream: true }, { signal: abort.signal });
  await answer.body.getReader().read();
  assert.deepEqual([await running(slow_relay), await running(slow_origin)], [1, 1]);
  const before = performance.now();
  abort.abort();
  await idle(slow_origin);
  assert.ok(performance.now() - before < 200, `after ${performance.now() - before} ms`);
  await idle(slow_relay);
});

test('so it does when the client of an answer that is no stream leaves', async () => {
  const abort = new AbortController();
  complete(slow_relay, {}, { signal: abort.signal }).catch(() => null);
  await until(async () => await running(slow_origin) === 1, 'upstream to begin');
  const before = performance.now();
  abort.abort();
  await idle(slow_origin);
  assert.ok(performance.now() - before < 200, `after ${performance.now() - before} ms`);
});

for (const [how, leave] of [['stopped', url => fetch(url, { method: 'DELETE' })], ['abandoned', () => null]]) {
  test(`a run that is ${how} stops upstream, too`, async () => {
    const url = await begin(slow_relay, { seed });
    await hear(url, 3);
    assert.equal(await running(slow_origin), 1);
    await leave(url);
    await idle(slow_origin);
    assert.equal(JSON.parse((await hear(url)).events.at(-1).data).finish_reason, 'cancelled');
  });
}

test('an upstream that cannot be reached is 502, in a run too', async () => {
  const gone = await serve(program);
  await gone.end();
  const server = await serve(program, '--upstream', `${gone.url}/v1`, '--model', model);
  for (const stream of [true, false]) await refused(await complete(server, { stream }), 502, /refused|127\.0\.0\.1/i, { code: 'upstream_unreachable' });
  await refused(await fetch(`${server.url}/v1/models`), 502, /./);
  const { events: [event] } = await hear(await begin(server));
  assert.deepEqual([event.type, JSON.parse(event.data).status], ['failed', 502]);
  assert.equal(await server.end(), 0);
  assert.equal(server.complaints, '');
});

test('SIGTERM ends it while upstream is at work', async () => {
  const server = await serve(program, '--upstream', `${slow_origin.url}/v1`, '--model', model);
  const heard = [hear(await begin(server)), complete(server, { stream: true }).then(answer => answer.text())];
  await until(async () => await running(slow_origin) === 2, 'both to begin');
  assert.equal(await server.end(), 0);
  await Promise.all(heard);
  await idle(slow_origin);
  assert.equal(server.complaints, '');
});

// One that the test answers for

const with_upstream = (respond, body, options) => async () => {
  const server = await behind(program, respond, options);
  await body(server);
  await server.end();
};

const odd = 'data: {"a":1}\n\nevent: ping\ndata: x\ndata: y\n\n: comment\n\nid: 7\ndata: z\n\ndata: [DONE]\n\n';
test('the request goes upstream byte by byte, and events come back one to one, whatever they are', with_upstream(
  (_, response) => as_events(response).end(odd), async server => {
    const body = '{"stream" : true, "unknown":[1, 2.50]}';
    const text = await (await post(`${server.url}/v1/chat/completions`, body)).text();
    const blocks = text.replace(/^:.*\n/gm, '').split('\n\n').filter(block => block !== '');
    assert.deepEqual(blocks, ['data: {"a":1}', 'event: ping\ndata: x\ndata: y', 'id: 7\ndata: z', 'id: 7\ndata: [DONE]']);
    const [{ method, url, headers, body: sent }] = server.requests;
    assert.deepEqual([method, url, sent, headers['content-type']], ['POST', '/v1/chat/completions', body, 'application/json']);
    assert.equal(headers.authorization, undefined);
  }));

test('tokens are passed on as they come, each before the next is there', async () => {
  let next;
  const server = await behind(program, async (_, response) => {
    as_events(response);
    for (let n = 0; n < 5; ++n) {
      response.write(`data: ${n}\n\n`);
      await new Promise(resolve => { next = resolve; });
    }
    response.end();
  });
  const reader = (await complete(server, { stream: true })).body.pipeThrough(new TextDecoderStream()).getReader();
  for (let n = 0; n < 5; ++n) {
    let text = '';
    while (!text.includes(`data: ${n}\n\n`)) text += (await reader.read()).value;
    next();
  }
  await server.end();
});

test('a client that does not read holds upstream up', async () => {
  let written = 0;
  const server = await behind(program, (_, response) => {
    as_events(response);
    const more = () => {
      while (written < (64 << 20)) {
        written += 65_536;
        if (!response.write(`data: ${'x'.repeat(65_536 - 8)}\n\n`)) return;
      }
    };
    response.on('drain', more);
    more();
  });
  const abort = new AbortController();
  const answer = await complete(server, { stream: true }, { signal: abort.signal });
  let before = -1;
  await until(async () => {
    const same = written === before;
    before = written;
    await new Promise(resolve => setTimeout(resolve, 300));
    return same && written > 0;
  }, 'upstream to be held up', 20_000);
  assert.ok(written < (32 << 20), `${written} bytes were taken`);
  abort.abort();
  await answer.body?.cancel().catch(() => null);
  await server.end();
});

const key = 'sk-secret-0123456789';
test('the key goes upstream, and to nobody else', with_upstream((request, response) => {
  response.writeHead(401, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${key}.`, type: 'invalid_request_error', param: null, code: 'invalid_api_key' } }));
}, async server => {
  await refused(await complete(server, {}), 401, /^Incorrect API key provided: \*\*\*\.$/, { code: 'invalid_api_key' });
  const { events: [{ data }] } = await hear(await begin(server));
  assert.equal(JSON.parse(data).error.message, 'Incorrect API key provided: ***.');
  const seen = [await (await fetch(server.url)).text(), await (await fetch(`${server.url}/status`)).text(), await (await fetch(`${server.url}/v1/models`)).text()];
  assert.ok(!seen.join().includes(key));
  for (const { headers } of server.requests) assert.equal(headers.authorization, `Bearer ${key}`);
}, { key }));

test('what the client says to prove itself stays here', with_upstream((_, response) => as_events(response).end('data: [DONE]\n\n'), async server => {
  const headers = { Authorization: 'Bearer of-the-client', Cookie: 'a=b', 'Content-Type': 'application/json' };
  await (await complete(server, { stream: true }, { headers })).text();
  const [{ headers: sent }] = server.requests;
  assert.deepEqual([sent.authorization, sent.cookie], [undefined, undefined]);
}));

for (const [code, type, body] of [
  [429, 'application/json', '{"error": {"message": "slowly"}}'], [400, 'application/json; charset=utf-8', '{"error": {"message": "slowly", "more": [1.50]}}'],
]) {
  test(`${code} comes as it is, with Retry-After`, with_upstream(
    (_, response) => response.writeHead(code, { 'Content-Type': type, 'Retry-After': '7' }).end(body), async server => {
      const answer = await complete(server, { stream: true });
      assert.deepEqual([answer.status, answer.headers.get('Content-Type'), answer.headers.get('Retry-After'), await answer.text()], [code, type, '7', body]);
      const { events: [{ type: event, data }] } = await hear(await begin(server));
      const { status: told, error } = JSON.parse(data);
      assert.deepEqual([event, told, error.message], ['failed', code, 'slowly']);
    }));
}

test('an error that is no JSON becomes some', with_upstream(
  (_, response) => response.writeHead(503, { 'Content-Type': 'text/html', 'Retry-After': '7' }).end('<p>later'), async server => {
    const answer = await complete(server, { stream: true });
    assert.equal(answer.headers.get('Retry-After'), '7');
    await refused(answer, 503, /^<p>later$/);
    const { events: [{ data }] } = await hear(await begin(server));
    assert.match(JSON.parse(data).error.message, /answered 503, and not with an error in JSON/);
  }));

test('a stream that breaks in the middle ends with an error in it', with_upstream((_, response) => {
  as_events(response).write(`data: ${chunk('one')}\n\n`);
  setTimeout(() => response.destroy(), 50);
}, async server => {
  const text = await (await complete(server, { stream: true })).text();
  const [first, second, ...none] = text.replace(/^:.*\n/gm, '').split('\n\n').filter(block => block.startsWith('data: ')).map(block => JSON.parse(block.slice(6)));
  assert.deepEqual([first.choices[0].delta.content, none], ['one', []]);
  assert.equal(second.error.type, 'server_error');
  const { events } = await hear(await begin(server));
  assert.deepEqual(events.map(({ type }) => type), ['token', 'failed']);
  assert.equal(JSON.parse(events[1].data).status, 502);
}));

const strange = [
  ['no answer at all', (_, response) => response.destroy(), /./],
  ['JSON in place of a stream', (_, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}'), /does not answer with one/],
  ['a stream of no JSON', (_, response) => as_events(response).end('data: hello\n\n'), /not a chunk/],
  ['a stream of no objects', (_, response) => as_events(response).end('data: [1]\n\n'), /not a chunk/],
  ['an end in the middle', (_, response) => as_events(response).end(`data: ${chunk('a')}\n\n`), /in the middle/],
  ['an error in the stream', (_, response) => as_events(response).end('data: {"error": {"message": "overloaded"}}\n\n'), /^overloaded$/],
];
for (const [what, respond, why] of strange) {
  test(`${what} fails a run`, with_upstream(respond, async server => {
    const { events } = await hear(await begin(server));
    const { type, data } = events.at(-1);
    assert.equal(type, 'failed');
    const { status: code, error } = JSON.parse(data);
    assert.equal(code, 502);
    assert.match(error.message, why);
  }));
}

test('chunks without text, without choices and with members of the wrong kind are passed over', with_upstream((_, response) => {
  const odd_chunks = ['{}', '{"choices": []}', '{"choices": [1]}', '{"choices": [{}]}', '{"choices": [{"delta": 7}]}', '{"choices": [{"delta": {"content": null}}]}',
    '{"choices": {}, "usage": null}', '{"usage": {"prompt_tokens": "x"}}', chunk('a\nb'), chunk('', 'content_filter'), '{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}', '[DONE]'];
  as_events(response).end(odd_chunks.map(data => `data: ${data}\n\n`).join(''));
}, async server => {
  const { events } = await hear(await begin(server));
  assert.equal(said(events), 'a\nb');
  assert.deepEqual(JSON.parse(events.at(-1).data), { finish_reason: 'content_filter', usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
  const [{ body }] = server.requests;
  assert.deepEqual(JSON.parse(body), { messages: question, stream: true });
}));

test('all this left no word on standard error', async () => {
  for (const server of [relay, slow_relay, origin, slow_origin]) {
    assert.equal(await server.end(), 0);
    assert.equal(server.complaints, '');
  }
});

await run();
