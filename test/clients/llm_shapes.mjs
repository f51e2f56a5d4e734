// What servers of language models really send, and what they must be asked: node llm_shapes.mjs LLM
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { assert, run, test } from '../browser/support.mjs';
import { as_events, begin, behind, complete, hear, post, refused, said } from './llm_support.mjs';

const [program] = process.argv.slice(2);
const deepest = 64; // levels of JSON, as in apps/llm/json.hpp
const nested = levels => '['.repeat(levels) + ']'.repeat(levels);

const chunk = (content, finish_reason = null, more = {}) => ({
  id: 'c1', object: 'chat.completion.chunk', choices: [{ index: 0, delta: content === null ? {} : { content }, finish_reason }], ...more,
});
const delta = members => ({ choices: [{ index: 0, delta: members, finish_reason: null }] });
const data = what => `data: ${typeof what === 'string' ? what : JSON.stringify(what)}\n\n`;
const stop = chunk(null, 'stop');
const done = '[DONE]';

// Streams, each with how a run ends and the text that it has

const usage = { prompt_tokens: 3, completion_tokens: 4 };
const shapes = {
  'error: null beside the text': [[chunk('a', null, { error: null }), chunk('b', null, { error: null }), stop, done], 'done', 'ab'],
  'an error in the form of older vLLM': [[chunk('a'), { object: 'error', message: 'boom', type: 'Internal', code: 500 }, done], 'failed', 'a', /^boom$/],
  'an error with choices: null': [[{ id: 'x', choices: null, error_type: 'BadRequestError', error_message: 'too long' }, done], 'failed', '', /^too long$/],
  'choices: null, and no words': [[chunk('a'), { id: 'x', choices: null }, done], 'failed', 'a', /reports an error/],
  'choices: null with the usage': [[chunk('a'), stop, { choices: null, usage }, done], 'done', 'a'],
  'an event named error': [[chunk('a'), 'event: error\ndata: {"message": "boom", "code": 500}\n\n', done], 'failed', 'a', /^boom$/],
  'an event named error, in plain words': [['event: error\ndata: out of memory\n\n', done], 'failed', '', /^out of memory$/],
  'an event named error, without any': [['event: error\ndata:\n\n', done], 'failed', '', /reports an error/],
  'an error in an object': [[chunk('a'), { error: { message: 'boom', code: 504 } }, done], 'failed', 'a', /^boom$/],
  'an error in a text': [[chunk('a'), { error: 'boom' }, done], 'failed', 'a', /^boom$/],
  'an error in an array': [[[{ error: { code: 400, message: 'boom' } }]], 'failed', '', /^boom$/],
  'an error with a choice beside it': [[chunk('a'), chunk('', 'error', { error: { message: 'boom' } }), done], 'failed', 'a', /^boom$/],
  'an error after the end of the text': [[chunk('a'), stop, { error: { message: 'boom' } }, done], 'failed', 'a', /^boom$/],
  'no data, as a heartbeat': [[chunk('a'), 'data:\n\n', chunk('b'), 'data: \n\n', 'data: \ndata: \n\n', stop, done], 'done', 'ab'],
  'pings': [[chunk('a'), 'event: ping\ndata: {"type": "ping"}\n\n', 'event: ping\ndata: 2024-04-07 20:20:50\n\n', chunk('b'), stop, done], 'done', 'ab'],
  'a heartbeat of another name': [['event: keep-alive\ndata: tick\n\n', chunk('a'), stop, done], 'done', 'a'],
  'comments': [[': OPENROUTER PROCESSING\n\n', ':\n\n', chunk('a'), ': ping - 2024\n', stop, done], 'done', 'a'],
  'blanks around [DONE]': [[chunk('a'), stop, 'data:  [DONE] \t\n\n'], 'done', 'a'],
  'no [DONE]': [[chunk('a'), stop], 'done', 'a'],
  'no [DONE], and no finish_reason': [[chunk('a')], 'failed', 'a', /in the middle/],
  'no finish_reason': [[chunk('a'), done], 'done', 'a'],
  'nothing but [DONE]': [[done], 'failed', '', /before it began/],
  'a usage alone behind the rest': [[chunk('a'), stop, { choices: [], usage }, done], 'done', 'a'],
  'verdicts about the prompt first, as Azure sends them': [[{ choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] }, chunk('a'), stop, done], 'done', 'a'],
  'a role, and content: null': [[delta({ role: 'assistant' }), delta({ role: 'assistant', content: null }), chunk('a'), stop, done], 'done', 'a'],
  'delta: null': [[{ choices: [{ index: 0, delta: null, finish_reason: null }] }, chunk('a'), stop, done], 'done', 'a'],
  'thoughts, which are not the answer': [[delta({ reasoning_content: 'hm' }), delta({ reasoning: 'hm' }), chunk('a'), stop, done], 'done', 'a'],
  'content in parts': [[delta({ content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }), stop, done], 'done', 'ab'],
  'a refusal of the model': [[delta({ refusal: 'I cannot.' }), stop, done], 'done', 'I cannot.'],
  'another choice among them': [[{ choices: [{ index: 1, delta: { content: 'x' } }] }, chunk('a'), { choices: [{ index: 1, delta: {}, finish_reason: 'length' }] }, stop, done], 'done', 'a'],
  'CRLF, and no space': [[`data:${JSON.stringify(chunk('a'))}\r\n\r\n`, `data:${JSON.stringify(stop)}\r\n\r\n`, 'data:[DONE]\r\n\r\n'], 'done', 'a'],
  'a chunk on several lines': [['data: {"choices":\ndata: [{"delta": {"content": "a"}}]}\n\n', stop, done], 'done', 'a'],
  'half of a surrogate pair': [['data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n', stop, done], 'done', 'a\ufffd'],
  'a chunk with a level too many': [[chunk('a'), `data: {"choices":${nested(deepest)}}\n\n`, done], 'failed', 'a', /nested too deeply/],
  'an error with a level too many': [[chunk('a'), `data: {"error":${nested(deepest)}}\n\n`, done], 'failed', 'a', /nested too deeply/],
};

const shaped = await behind(program, (_, response, body) => {
  const [events] = shapes[JSON.parse(body).metadata.shape];
  const text = events.map(event => typeof event === 'string' && event !== done ? event : data(event)).join('');
  as_events(response).end(text);
});

for (const [shape, [, end, text, why]] of Object.entries(shapes)) {
  test(`${shape}: the answer is ${end}`, async () => {
    const { events } = await hear(await begin(shaped, { metadata: { shape } }));
    const { type, data: last } = events.at(-1);
    assert.deepEqual([type, said(events)], [end, text], last);
    const told = JSON.parse(last);
    if (end === 'failed') {
      assert.equal(told.status, 502);
      assert.match(told.error.message, why);
    } else {
      assert.equal(told.finish_reason, 'stop');
      assert.equal(told.usage.total_tokens, text && shape.includes('usage') ? 7 : 0);
    }
  });
}

test('why an answer ended is told whatever is in it', async () => {
  const odd = 'st"op\n\\';
  shapes.odd = [[chunk('a'), chunk(null, odd), done]];
  const { events } = await hear(await begin(shaped, { metadata: { shape: 'odd' } }));
  assert.equal(JSON.parse(events.at(-1).data).finish_reason, odd);
});

test('a connection that breaks after the last of the text does not undo it', async () => {
  const server = await behind(program, (_, response) => {
    as_events(response).write(data(chunk('a')) + data(stop));
    setTimeout(() => response.destroy(), 50);
  });
  const { events } = await hear(await begin(server));
  assert.deepEqual(events.map(({ type }) => type), ['token', 'done']);
  await server.end();
});

// Answers

const answers = {}; // by name: what answers
const plain = await behind(program, (request, response, body) => answers[JSON.parse(body).metadata.answer](request, response, body), { args: ['--model', 'm'] });
const asked = (answer, more = {}) => complete(plain, { stream: true, metadata: { answer }, ...more });
const ran = async answer => JSON.parse((await hear(await begin(plain, { metadata: { answer } }))).events.at(-1).data);

for (const code of [200, 201, 202, 203, 206]) {
  test(`a stream with ${code} comes event by event`, async () => {
    let next;
    answers[code] = async (_, response) => {
      response.writeHead(code, { 'Content-Type': 'Text/Event-Stream; charset=utf-8' }).write(data(chunk('a')));
      await new Promise(resolve => { next = resolve; });
      response.end(data(stop) + data(done));
    };
    const answer = await asked(code);
    assert.equal(answer.status, code);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"a"')) text += (await reader.read()).value;
    next();
    while (!text.includes('[DONE]')) text += (await reader.read()).value;
    const url = await begin(plain, { metadata: { answer: code } });
    assert.equal((await hear(url, 1)).events[0].data, 'a');
    next();
    assert.equal((await hear(url)).events.at(-1).type, 'done');
  });
}

const ids = { 'x-request-id': 'req_1', 'openai-processing-ms': '3', 'x-ratelimit-remaining-tokens': '9', 'x-ratelimit-reset-requests': '1s' };
for (const [code, type, body] of [[200, 'text/event-stream', data(done)], [200, 'application/json', '{"choices":[]}'], [429, 'application/json', '{"error":{"message":"slow"}}'], [502, 'text/html', '<h1>']]) {
  test(`ids and rates come with ${code} ${type}`, async () => {
    answers.heads = (_, response) => response.writeHead(code, { ...ids, 'Content-Type': type, 'Retry-After': '7', 'Set-Cookie': 'a=b', Server: 'x' }).end(body);
    const { status, headers } = await asked('heads');
    assert.equal(status, code);
    for (const [name, value] of [...Object.entries(ids), ['retry-after', '7'], ['set-cookie', null], ['server', null]]) assert.equal(headers.get(name), value, name);
  });
}

test('a 401 is one here, with what it asks for', async () => {
  answers.key = (_, response) => response.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="x"', 'Content-Type': 'application/json' }).end('{"error":{"message":"no key"}}');
  const answer = await asked('key');
  assert.deepEqual([answer.status, answer.headers.get('WWW-Authenticate')], [401, 'Bearer realm="x"']);
  assert.equal((await ran('key')).status, 401);
});

const failures = {
  'a page of a proxy': [[502, { 'Content-Type': 'text/html' }, '<html>\r\n<h1>Bad "Gateway"</h1>\n</html>'], 502, /^<html>\r\n<h1>Bad "Gateway"/, /answered 502, and not with an error in JSON/],
  'an error of a web framework': [[422, { 'Content-Type': 'text/plain' }, '{"detail":"no"}'], 422, /^\{"detail":"no"\}$/, /^no$/],
  'an error that is nested too deeply': [[400, { 'Content-Type': 'text/plain' }, `{"error":${nested(deepest)}}`], 400, /^\{"error"/, /answered 400/],
  'a coding that nobody asked for': [[400, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, gzipSync('{}')], 400, /answered 400, and .*gzip/, /answered 400, and .*gzip/],
  '304': [[304, {}, undefined], 502, /answered 304/, /answered 304/],
};
for (const [name, [[code, fields, body], status, why, run_why]] of Object.entries(failures)) {
  test(`${name} is an error in JSON`, async () => {
    answers[name] = (_, response) => response.writeHead(code, fields).end(body);
    await refused(await asked(name), status, why);
    const told = await ran(name);
    assert.match(told.error.message, run_why);
    assert.equal(told.status, code === 304 ? 502 : status);
  });
}

test('a redirect is followed within the origin, with the body, and nowhere else', async () => {
  const elsewhere = [];
  const other = createServer((request, response) => { elsewhere.push(request.url); response.end('{}'); });
  await new Promise(resolve => other.listen(0, '127.0.0.1', resolve));
  for (const code of [307, 308]) {
    answers.near = (request, response) => request.url === '/v2?a=b' ? as_events(response).end(data(done)) : response.writeHead(code, { Location: '/v2?a=b' }).end();
    assert.equal((await asked('near')).status, 200, `${code}`);
    const [first, second] = plain.requests.slice(-2);
    assert.deepEqual([second.method, second.body, second.headers.accept], [first.method, first.body, 'text/event-stream']);
  }
  for (const [code, location, why] of [[307, `http://127.0.0.1:${other.address().port}/`, /which is not followed/], [308, 'https://llm.example/', /which is not followed/],
    [307, '/chat', /too many redirects/], [307, 'ftp://x/', /ftp/], [302, undefined, /no Location/]]) {
    answers.far = (_, response) => response.writeHead(code, location ? { Location: location } : {}).end();
    await refused(await asked('far'), 502, why);
    assert.match((await ran('far')).error.message, why);
  }
  assert.deepEqual(elsewhere, []);
  other.close();
});

// Requests

test('what upstream is asked is what the client said, and that it streams', async () => {
  answers.any = (request, response) => as_events(response).end(data(chunk('a')) + data(stop) + data(done));
  const messages = [
    { role: 'user', name: 'ann', content: [{ type: 'text', text: 'look' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] },
    { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'c1', content: 'sunny' }, { role: 'function', name: 'f', content: 'x' },
  ];
  const rest = { messages, max_completion_tokens: 50, max_tokens: -1, frequency_penalty: 1, logit_bias: { 5: 1 }, reasoning_effort: 'low', top_k: 5, tools: [{ type: 'function', function: { name: 'f' } }],
    response_format: { type: 'json_object' }, stream_options: { include_usage: true }, metadata: { answer: 'any' } };
  await hear(await begin(plain, rest));
  const { body, headers } = plain.requests.at(-1);
  assert.deepEqual(JSON.parse(body), { ...rest, model: 'm', stream: true });
  assert.equal(headers.accept, 'text/event-stream');
  await (await asked('any')).text();
  assert.equal(plain.requests.at(-1).headers.accept, 'text/event-stream');
  await (await asked('any', { stream: false })).text();
  assert.equal(plain.requests.at(-1).headers.accept, 'application/json');
});

test('the model is put into a request that stays as it is otherwise', async () => {
  const body = '{ "metadata":{"answer":"any"}, "x":2.50, "big":123456789012345678901234567890}';
  await (await post(`${plain.url}/v1/chat/completions`, body)).text();
  assert.equal(plain.requests.at(-1).body, body.replace('{', '{"model":"m",'));
});

test('a request with a level too many is refused, and goes nowhere', async () => {
  const before = plain.requests.length;
  for (const path of ['/v1/chat/completions', '/runs'])
    await refused(await post(`${plain.url}${path}`, `{"messages":${nested(deepest)}}`), 400, /nested too deeply/);
  await refused(await post(`${plain.url}/runs`, '{'), 400, /no JSON/);
  assert.equal(plain.requests.length, before);
});

// Addresses and secrets

test('a query of the base stays behind the path', async () => {
  const server = await behind(program, (_, response) => as_events(response).end(data(done)), { base: '/v1/?api-version=2024-02-01' });
  await (await complete(server, { stream: true })).text();
  await fetch(`${server.url}/v1/models/a`);
  assert.deepEqual(server.requests.map(({ url }) => url), ['/v1/chat/completions?api-version=2024-02-01', '/v1/models/a?api-version=2024-02-01']);
  await server.end();
});

const everything = async server => {
  const texts = await Promise.all(['/', '/status', '/v1/models'].map(async path => (await fetch(`${server.url}${path}`)).text()));
  const answer = await complete(server, { stream: true });
  const body = await answer.text();
  const { events } = await hear(await begin(server));
  return JSON.stringify([...texts, answer.status, [...answer.headers], body, events]);
};
for (const [where, options] of [['query', { base: '/v1?key=Sesame' }], ['password', { userinfo: 'ann:Sesame@' }], ['key', { key: 'Sesame' }]]) {
  for (const [how, respond] of [
    ['its server is silent', (_, response) => response.destroy()],
    ['a stream breaks', (_, response) => { as_events(response).write(data(chunk('a'))); setTimeout(() => response.destroy(), 30); }],
    ['its server quotes all that it got', ({ url, headers }, response) => {
      const quoted = JSON.stringify({ error: { message: `wrong: ${url} ${JSON.stringify(headers)} Sesame` } });
      response.writeHead(403, { 'Content-Type': 'application/json', 'X-Request-Id': `Sesame ${url}` }).end(quoted);
    }],
    ['events quote it', ({ url, headers }, response) =>
      as_events(response).end(data(chunk('a')) + `event: error\ndata: Sesame ${url} ${headers.authorization}\n\n` + data({ error: { message: `Sesame ${url}` } }))],
  ]) {
    test(`a secret in the ${where} is told to nobody when ${how}`, async () => {
      const server = await behind(program, respond, options);
      const told = await everything(server);
      assert.ok(server.requests.length > 0);
      assert.ok(!told.includes('Sesame') && !told.includes(btoa('ann:Sesame')), told);
      await server.end(); // and its log is empty
    });
  }
}

test('all this left no word on standard error', async () => {
  await shaped.end();
  await plain.end();
});

await run();
