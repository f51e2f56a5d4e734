// The language model as curl and fetch see it: node llm.mjs LLM
import { Program, assert, run, serve, test, until } from '../browser/support.mjs';
import { begin, chunks_in, complete, content_of, hear, idle, model, post, question, refused, running, said, seed_for, status } from './llm_support.mjs';

const [program] = process.argv.slice(2);
const seed = await seed_for(program, 80, 150);
const llm = await serve(program, '--pace', '1ms');
const slow = await serve(program, '--pace', '50ms', '--grace', '1s');
const endpoint = `${llm.url}/v1/chat/completions`;

// Completions

test('an answer as a whole has the shape of a chat.completion', async () => {
  const answer = await complete(llm, { seed });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('Content-Type'), 'application/json');
  const { id, created, system_fingerprint, choices, usage, ...rest } = await answer.json();
  assert.match(id, /^chatcmpl-[0-9a-f]{32}$/);
  assert.ok(Math.abs(created - Date.now() / 1000) < 60);
  assert.match(system_fingerprint, /^fp_[0-9a-f]{10}$/);
  assert.deepEqual(rest, { object: 'chat.completion', model });
  const [{ message: { content, ...message }, ...choice }] = choices;
  assert.deepEqual([choices.length, choice, message],
    [1, { index: 0, logprobs: null, finish_reason: 'stop' }, { role: 'assistant', refusal: null }]);
  assert.ok(content.length > 0 && content === content.trim(), content);
  assert.equal(usage.prompt_tokens, 5);
  assert.equal(usage.total_tokens, 5 + usage.completion_tokens);
});

test('a stream has the role first, then the text, then why it ended', async () => {
  const answer = await complete(llm, { seed, stream: true });
  assert.equal(answer.headers.get('Content-Type'), 'text/event-stream');
  const chunks = chunks_in(await answer.text());
  const [first] = chunks;
  for (const { choices, ...chunk } of chunks) {
    assert.deepEqual(chunk, { id: first.id, object: 'chat.completion.chunk', created: first.created, model, system_fingerprint: first.system_fingerprint });
    assert.equal(choices.length, 1);
  }
  const deltas = chunks.map(({ choices: [choice] }) => choice);
  assert.deepEqual(deltas[0], { index: 0, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null });
  assert.deepEqual(deltas.at(-1), { index: 0, delta: {}, logprobs: null, finish_reason: 'stop' });
  for (const { delta, finish_reason } of deltas.slice(1, -1)) {
    assert.deepEqual(Object.keys(delta), ['content']);
    assert.equal(finish_reason, null);
  }
});

test('with a seed, streamed or not, it is the same answer', async () => {
  for (const another of [0, 1, -1, 2 ** 53]) {
    const whole = await (await complete(llm, { seed: another })).json();
    const chunks = chunks_in(await (await complete(llm, { seed: another, stream: true })).text());
    assert.equal(content_of(chunks), whole.choices[0].message.content);
  }
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await (await complete(llm, {})).json()).choices[0].message.content));
  assert.ok(new Set(answers).size > 1, 'without a seed it differs');
});

test('usage comes in a last chunk without choices, if it is asked for', async () => {
  const chunks = chunks_in(await (await complete(llm, { seed, stream: true, stream_options: { include_usage: true } })).text());
  const { choices, usage } = chunks.pop();
  assert.deepEqual(choices, []);
  assert.equal(usage.prompt_tokens, 5);
  assert.equal(usage.completion_tokens, chunks.length - 2);
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  for (const chunk of chunks) assert.equal(chunk.usage, null);
});

test('max_tokens bounds it, and the newer name wins', async () => {
  for (const [bounds, count] of [[{ max_tokens: 1 }, 1], [{ max_completion_tokens: 3 }, 3], [{ max_tokens: 7, max_completion_tokens: 2 }, 2]]) {
    const { choices: [{ finish_reason }], usage } = await (await complete(llm, { seed, ...bounds })).json();
    assert.deepEqual([finish_reason, usage.completion_tokens], ['length', count]);
  }
});

test('nothing of a stop sequence is sent, though it spans tokens', async () => {
  const all = (await (await complete(llm, { seed })).json()).choices[0].message.content;
  for (let begin = 5; begin < Math.min(60, all.length - 8); begin += 5) {
    const stop = all.slice(begin, begin + 8);
    const wanted = all.slice(0, all.indexOf(stop));
    const chunks = chunks_in(await (await complete(llm, { seed, stream: true, stop })).text());
    assert.equal(content_of(chunks), wanted);
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    const whole = await (await complete(llm, { seed, stop: ['never said', stop, '§'] })).json();
    assert.equal(whole.choices[0].message.content, wanted);
  }
});

const good = [
  { temperature: 0 }, { temperature: 2 }, { temperature: null }, { top_p: 0 }, { top_p: 1 }, { n: 1 }, { n: null }, { stop: null }, { stop: [] },
  { stop: ['a', 'b', 'c', 'd'] }, { logprobs: false }, { tools: [] }, { tool_choice: 'none' }, { response_format: { type: 'text' } },
  { modalities: ['text'] }, { seed: -(2 ** 53) }, { presence_penalty: 1, frequency_penalty: -2, logit_bias: {}, user: 'u', store: true },
  { something: { unknown: [1, 2] } }, { stream: false }, { stream: true, stream_options: {} }, { stream: true, stream_options: { include_usage: null } },
  { messages: [{ role: 'system', content: 'Be brief.' }, { role: 'developer', content: '' }, ...question, { role: 'assistant', content: null },
    { role: 'tool', tool_call_id: 'x', content: 'y' }, { role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }], name: 'n' }] },
  { messages: [{ role: 'user', content: '' }] }, { messages: [{ role: 'user', content: '猫 🐈 \u0000 \r\n' }] }, { messages: [{ role: 'assistant', content: 'A topic' }] },
];
for (const body of good) {
  test(`${JSON.stringify(body).slice(0, 70)} is answered`, async () => {
    const answer = await complete(llm, { max_tokens: 3, ...body });
    assert.equal(answer.status, 200);
    if (body.stream) assert.ok(content_of(chunks_in(await answer.text())).length > 0);
    else assert.ok((await answer.json()).choices[0].message.content.length > 0);
  });
}

// Refusals

const bad_json = [
  ['', /no JSON .* byte 1 /], ['{', /no JSON .* byte 2 /], ['{"model": "rill-ngram",}', /no JSON/], ['[]', /no object/], ['"x"', /no object/],
  ['null', /no object/], [Buffer.from('{"model": "\xff"}', 'latin1'), /UTF-8/], ['{"seed": 1e999}', /too large|no JSON/],
  ['['.repeat(100_000), /nested too deeply/], ['{"a":'.repeat(10_000), /nested too deeply/],
];
for (const [body, why] of bad_json) {
  test(`the body ${String(body).slice(0, 30)} is 400`, async () => refused(await post(endpoint, body), 400, why, { code: null, param: null }));
}

const user = content => [{ role: 'user', content }];
const bad = [
  [{ model: undefined }, /'model' is missing/, 'model', 'missing_required_parameter'], [{ model: 1 }, /'model' is no text/, 'model'],
  [{ messages: undefined }, /'messages' is missing/, 'messages', 'missing_required_parameter'],
  [{ messages: [] }, /no array with something/, 'messages'], [{ messages: {} }, /no array/, 'messages'], [{ messages: 'hi' }, /no array/, 'messages'],
  [{ messages: [null] }, /no object/, 'messages[0]'], [{ messages: [...question, 'x'] }, /no object/, 'messages[1]'],
  [{ messages: [{ content: 'x' }] }, /none of system, /, 'messages[0].role'], [{ messages: [{ role: 'god', content: 'x' }] }, /none of system, /, 'messages[0].role'],
  [{ messages: [{ role: 1, content: 'x' }] }, /none of/, 'messages[0].role'], [{ messages: [{ role: 'user' }] }, /neither a text/, 'messages[0].content'],
  [{ messages: user(null) }, /neither a text/, 'messages[0].content'], [{ messages: user(7) }, /neither a text/, 'messages[0].content'],
  [{ messages: user([1]) }, /no part/, 'messages[0].content[0]'], [{ messages: user([{ text: 'x' }]) }, /no part/, 'messages[0].content[0]'],
  [{ messages: user([{ type: 'text' }]) }, /no 'text'/, 'messages[0].content[0]'],
  [{ messages: user([{ type: 'text', text: 'x' }, { type: 'image_url', image_url: {} }]) }, /only text/, 'messages[0].content[1]'],
  ...[-0.1, 2.1, '1', true, []].map(value => [{ temperature: value }, /'temperature' is no number from 0 to 2/, 'temperature']),
  ...[-0.1, 1.1, '1'].map(value => [{ top_p: value }, /'top_p' is no number from 0 to 1/, 'top_p']),
  ...[0, 2, '1', 1.5].map(value => [{ n: value }, /one choice only/, 'n', 'unsupported_value']),
  ...[0, -1, 1.5, '10', true].map(value => [{ max_tokens: value }, /'max_tokens' is no whole number from 1/, 'max_tokens']),
  [{ max_completion_tokens: 0 }, /no whole number from 1/, 'max_completion_tokens'],
  ...[1.5, '1', 1e300, 2 ** 63].map(value => [{ seed: value }, /'seed' is no whole number/, 'seed']),
  ...['', 1, [''], ['a', 1], ['a', 'b', 'c', 'd', 'e'], {}].map(value => [{ stop: value }, /'stop' is neither/, 'stop']),
  ...['true', 1, {}].map(value => [{ stream: value }, /'stream' is neither true nor false/, 'stream']),
  [{ stream_options: { include_usage: true } }, /for streams only/, 'stream_options'], [{ stream: true, stream_options: true }, /no object/, 'stream_options'],
  [{ stream: true, stream_options: { include_usage: 1 } }, /neither true nor false/, 'include_usage'],
  [{ tools: [{ type: 'function', function: { name: 'f' } }] }, /'tools' is not supported/, 'tools', 'unsupported_parameter'],
  [{ functions: [{ name: 'f' }] }, /not supported/, 'functions', 'unsupported_parameter'], [{ logprobs: true }, /not supported/, 'logprobs', 'unsupported_parameter'],
  [{ top_logprobs: 5 }, /not supported/, 'top_logprobs', 'unsupported_parameter'], [{ audio: { voice: 'x' } }, /not supported/, 'audio', 'unsupported_parameter'],
  ...[{ type: 'json_object' }, 'text', {}].map(value => [{ response_format: value }, /text only/, 'response_format', 'unsupported_value']),
  [{ modalities: ['text', 'audio'] }, /text only/, 'modalities', 'unsupported_value'],
];
for (const [body, why, param, code = null] of bad) {
  test(`${JSON.stringify(body).slice(0, 70)} is 400`, async () => refused(await complete(llm, body), 400, why, { param, code }));
}

test('more than 1 MiB is 413, and what turns out to be more, too', async () => {
  for (const url of [endpoint, `${llm.url}/runs`]) {
    assert.equal((await post(url, 'x'.repeat((1 << 20) + 1))).status, 413);
    const pieces = new ReadableStream({
      start(to) {
        for (let n = 0; n < 20; ++n) to.enqueue(Buffer.alloc(60_000, ' '));
        to.close();
      },
    });
    await refused(await post(url, '', { body: pieces, duplex: 'half' }), 413, /./);
  }
});

test('an unknown model is 404, for answers and in the list', async () => {
  const more = { param: 'model', code: 'model_not_found' };
  await refused(await complete(llm, { model: 'gpt-4o' }), 404, /no model 'gpt-4o', only 'rill-ngram'/, more);
  await refused(await complete(llm, { model: 'x', stream: true }), 404, /no model/, more);
  await refused(await fetch(`${llm.url}/v1/models/gpt-4o`), 404, /no model/, more);
  await refused(await post(`${llm.url}/runs`, { messages: question, model: 'x' }), 404, /no model/, more);
});

test('the models are listed, and say what they are', async () => {
  const { object, data: [card, ...none] } = await (await fetch(`${llm.url}/v1/models`)).json();
  assert.deepEqual([object, none, card.id, card.object, card.owned_by], ['list', [], model, 'model', 'rill']);
  assert.match(card.about, /^A toy: /);
  assert.deepEqual(await (await fetch(`${llm.url}/v1/models/${model}`)).json(), card);
});

test('no such path is 404, no such method 405, in the same shape', async () => {
  for (const path of ['', '/chat', '/chat/completions/', '/completions']) await refused(await fetch(`${llm.url}/v1${path}`), 404, /Not Found/);
  const answer = await fetch(endpoint);
  assert.match(answer.headers.get('Allow'), /POST/);
  await refused(answer, 405, /Method Not Allowed/);
  await refused(await fetch(`${llm.url}/runs/0123`), 404, /no such answer/, { code: 'run_not_found' });
  await refused(await fetch(`${llm.url}/runs/0123`, { method: 'DELETE' }), 404, /no such answer/);
});

// Who leaves

test('an answer whose client leaves stops within 200 ms', async () => {
  for (const stream of [true, false]) {
    const abort = new AbortController();
    const asked = complete(slow, { stream }, { signal: abort.signal }).catch(() => null);
    await until(async () => await running(slow) === 1, 'the answer to begin');
    const { cancelled } = (await status(slow)).generations;
    if (stream) await (await asked).body.getReader().read();
    const begin = performance.now();
    abort.abort();
    await idle(slow);
    assert.ok(performance.now() - begin < 200, `after ${performance.now() - begin} ms`);
    assert.equal((await status(slow)).generations.cancelled, cancelled + 1);
  }
});

// Runs

test('a run is heard from its beginning by all who come, also late', async () => {
  const url = await begin(llm, { seed });
  const whole = (await (await complete(llm, { seed })).json()).choices[0].message.content;
  const [one, two] = await Promise.all([hear(url), hear(url)]);
  assert.equal(said(one.events), whole);
  assert.deepEqual(two, one);
  assert.deepEqual(await hear(url), one);
  const { type, data } = one.events.at(-1);
  assert.equal(type, 'done');
  const { finish_reason, usage } = JSON.parse(data);
  assert.deepEqual([finish_reason, usage.completion_tokens], ['stop', one.events.length - 1]);
});

test('who comes back with Last-Event-ID goes on, and after the end gets 204', async () => {
  const url = await begin(slow, { seed, max_tokens: 12 });
  const first = await hear(url, 4);
  const rest = await hear(url, Infinity, { 'Last-Event-ID': first.events.at(-1).id });
  const all = await hear(url);
  assert.deepEqual([...first.events, ...rest.events], all.events);
  assert.equal(JSON.parse(all.events.at(-1).data).finish_reason, 'length');
  assert.equal((await hear(url, 1, { 'Last-Event-ID': all.events.at(-1).id })).status, 204);
});

test('a run that is stopped says so, and what it had said stays', async () => {
  const url = await begin(slow);
  const heard = hear(url);
  await hear(url, 3);
  const before = performance.now();
  assert.equal((await fetch(url, { method: 'DELETE' })).status, 204);
  await idle(slow);
  assert.ok(performance.now() - before < 200, `after ${performance.now() - before} ms`);
  const { events } = await heard;
  assert.deepEqual([events.at(-1).type, JSON.parse(events.at(-1).data).finish_reason], ['done', 'cancelled']);
  assert.deepEqual((await hear(url)).events, events);
  assert.equal((await fetch(url, { method: 'DELETE' })).status, 204, 'a second time does nothing');
});

test('a run is given up when nobody has listened for its grace, and not before', async () => {
  const url = await begin(slow, { seed });
  const began = performance.now();
  for (let n = 5; n <= 25; n += 5) await hear(url, n); // leaves, and is back at once
  assert.ok(performance.now() - began > 1000);
  assert.equal(await running(slow), 1);
  const left = performance.now();
  await idle(slow);
  const after = performance.now() - left;
  assert.ok(after > 900 && after < 2500, `after ${after} ms`);
  const { events } = await hear(url);
  assert.equal(JSON.parse(events.at(-1).data).finish_reason, 'cancelled');
});

test('so is one that nobody ever listened to', async () => {
  await begin(slow);
  assert.equal(await running(slow), 1);
  await idle(slow);
});

test('with --on-abandon finish it is completed all the same', async () => {
  const server = await serve(program, '--pace', '2ms', '--on-abandon', 'finish', '--grace', '1ms');
  const url = await begin(server, { seed });
  await hear(url, 2);
  await idle(server);
  const { finished, cancelled } = (await status(server)).generations;
  assert.deepEqual([finished, cancelled], [1, 0]);
  assert.equal(JSON.parse((await hear(url)).events.at(-1).data).finish_reason, 'stop');
  assert.equal(await server.end(), 0);
});

test('of runs that have ended the oldest goes; those under way stay, and one too many is 503', async () => {
  const server = await serve(program, '--pace', '1ms', '--keep-runs', '2');
  const ended = await begin(server, { max_tokens: 1 });
  await hear(ended);
  const going = [await begin(server, { seed }), null];
  going[1] = await begin(server, { seed });
  assert.equal((await hear(ended, 1)).status, 404);
  await Promise.all(going.map(url => hear(url, 1)));
  await server.end();
  const busy = await serve(program, '--pace', '1h', '--keep-runs', '2');
  await begin(busy);
  await begin(busy);
  await refused(await post(`${busy.url}/runs`, { messages: question }), 503, /too many/);
  assert.equal((await status(busy)).runs.kept, 2);
  assert.equal(await busy.end(), 0, 'and answers under way do not keep the server');
  assert.equal(busy.complaints, '');
});

test('a run is dropped when it was kept for long enough', async () => {
  const server = await serve(program, '--pace', '1ms', '--keep-age', '50ms');
  const url = await begin(server, { max_tokens: 1 });
  await hear(url);
  await until(async () => {
    await begin(server, { max_tokens: 1 }); // which makes room
    return (await hear(url, 1)).status === 404;
  }, 'the run to go');
  await server.end();
});

test('SIGTERM ends streams and runs within a second', async () => {
  const server = await serve(program, '--pace', '50ms');
  const heard = [hear(await begin(server)), complete(server, { stream: true }).then(answer => answer.text())];
  await until(async () => await running(server) === 2, 'both to begin');
  const before = performance.now();
  assert.equal(await server.end(), 0);
  assert.ok(performance.now() - before < 1000);
  await Promise.all(heard);
  assert.equal(server.complaints, '');
});

// The page, and the command line

test('the page may load nothing, and ask this server only', async () => {
  const answer = await fetch(llm.url);
  assert.equal(answer.headers.get('Content-Type'), 'text/html; charset=utf-8');
  assert.match(answer.headers.get('Content-Security-Policy'), /^default-src 'none'; .*connect-src 'self'/);
  assert.match(await answer.text(), /^<!doctype html>/);
});

const bad_options = [
  ['--pace', '0'], ['--pace', '0ms'], ['--pace', 'fast'], ['--on-abandon', 'stop'], ['--grace', '5'], ['--keep-runs', '0'], ['--keep-age', '1d'],
  ['--upstream', ''], ['--upstream', 'nonsense'], ['--upstream', 'ftp://host/v1'], ['--upstream'], ['--model', ''],
  ['--upstream', 'https://host/v1', '--upstream-ca', '/no/such/file'],
];
for (const args of bad_options) {
  test(`${JSON.stringify(args)} is exit code 2 and one line`, async () => {
    const refusing = new Program(program, args);
    assert.equal(await refusing.ended, 2);
    assert.equal(refusing.stdout, '');
    assert.match(refusing.stderr, /^llm: [^\n]*\n$/);
  });
}

test('--help says what there is, and what it is by default', async () => {
  const help = new Program(program, ['--help']);
  assert.equal(await help.ended, 0);
  assert.equal(help.stderr, '');
  for (const [option, by_default] of Object.entries({ pace: '20ms', 'on-abandon': 'cancel', grace: '5s', 'keep-age': '600s', 'keep-runs': '1000' }))
    assert.match(help.stdout, new RegExp(`--${option} [^-]*\\(${by_default}\\)`));
  for (const option of ['upstream URL', 'upstream-ca FILE', 'model NAME']) assert.ok(help.stdout.includes(`--${option}`), option);
});

test('all these refusals left no word on standard error', async () => {
  for (const server of [llm, slow]) {
    assert.equal(await server.end(), 0);
    assert.equal(server.complaints, '');
  }
});

await run();
