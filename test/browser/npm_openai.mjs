// The llm program as npm's openai sees it, OpenAI's own library: node npm_openai.mjs LLM PACKAGES [openai-7]
import { seed_for } from '../clients/llm_support.mjs';
import { packages } from './packages.mjs';
import { assert, run, serve, test, until } from './support.mjs';

const [program, directory, name = 'openai'] = process.argv.slice(2);
const { OpenAI } = packages(directory)(name);
const model = 'rill-ngram';
const messages = [{ role: 'user', content: 'What is a topic?' }];
const client_of = server => new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0 });
const generations = async server => (await (await fetch(`${server.url}/status`)).json()).generations;

const seed = await seed_for(program, 40, 150);

// Alone, and behind another of its kind.
const origin = await serve(program, '--pace', '1ms');
const slow = await serve(program, '--pace', '50ms');
const servers = [
  ['alone', origin, slow],
  ['with one upstream', await serve(program, '--upstream', `${origin.url}/v1`), await serve(program, '--upstream', `${slow.url}/v1`)],
];

async function gather(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
const text_of = chunks => chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('');

for (const [how, server, slow_server] of servers) {
  const client = client_of(server);

  test(`${how}: it streams, to [DONE]`, async () => {
    const chunks = await gather(await client.chat.completions.create({ model, messages, seed, stream: true }));
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    for (const { object, id, choices: [{ finish_reason }] } of chunks.slice(0, -1))
      assert.deepEqual([object, id, finish_reason], ['chat.completion.chunk', chunks[0].id, null]);
    const whole = await client.chat.completions.create({ model, messages, seed });
    assert.equal(text_of(chunks), whole.choices[0].message.content);
    assert.equal(whole.choices[0].finish_reason, 'stop');
    assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
  });

  test(`${how}: it has the usage of a stream if it is asked for`, async () => {
    const chunks = await gather(await client.chat.completions.create({
      model, messages, seed, stream: true, stream_options: { include_usage: true }, max_completion_tokens: 5,
    }));
    const { choices, usage } = chunks.at(-1);
    assert.deepEqual([choices, usage], [[], { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 }]);
    assert.equal(chunks.at(-2).choices[0].finish_reason, 'length');
  });

  test(`${how}: its helper for streams tells content, and the whole at the end`, async () => {
    const stream = client.chat.completions.stream({ model, messages, seed, stream_options: { include_usage: true } });
    let text = '';
    stream.on('content', delta => { text += delta; });
    const whole = await stream.finalChatCompletion();
    assert.equal(whole.choices[0].message.content, text);
    assert.equal((await stream.totalUsage()).completion_tokens, whole.usage.completion_tokens);
  });

  test(`${how}: aborted in mid-stream, the generation stops within 200 ms`, async () => {
    const { cancelled } = await generations(slow);
    const stream = await client_of(slow_server).chat.completions.create({ model, messages, stream: true });
    let seen = 0;
    let aborted = 0;
    for await (const { choices: [{ delta }] } of stream) {
      assert.ok(delta);
      if (++seen < 4) continue;
      assert.equal((await generations(slow)).running, 1);
      aborted = performance.now();
      stream.controller.abort();
    }
    await until(async () => (await generations(slow)).running === 0, 'the generation to stop');
    assert.ok(performance.now() - aborted < 200, `after ${performance.now() - aborted} ms`);
    assert.equal((await generations(slow)).cancelled, cancelled + 1);
    await until(async () => (await generations(slow_server)).running === 0, 'the relay to be idle');
  });

  test(`${how}: left by break, too`, async () => {
    const stream = await client_of(slow_server).chat.completions.create({ model, messages, stream: true });
    for await (const chunk of stream) if (chunk) break;
    const left = performance.now();
    await until(async () => (await generations(slow)).running === 0, 'the generation to stop');
    assert.ok(performance.now() - left < 200);
  });

  test(`${how}: a wrong model is its NotFoundError`, async () => {
    for (const stream of [true, false]) {
      const failure = await client.chat.completions.create({ model: 'gpt-4o', messages, stream }).catch(cause => cause);
      assert.ok(failure instanceof OpenAI.NotFoundError, String(failure));
      assert.deepEqual([failure.status, failure.code, failure.param, failure.type], [404, 'model_not_found', 'model', 'invalid_request_error']);
      assert.match(failure.message, /^404 there is no model 'gpt-4o'/);
    }
    assert.ok(await client.models.retrieve('gpt-4o').catch(cause => cause) instanceof OpenAI.NotFoundError);
  });

  test(`${how}: broken JSON, and values that cannot be, are its BadRequestError`, async () => {
    const broken = new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0,
      fetch: (url, options) => fetch(url, { ...options, body: options.body.slice(0, -1) }) });
    const failure = await broken.chat.completions.create({ model, messages }).catch(cause => cause);
    assert.ok(failure instanceof OpenAI.BadRequestError, String(failure));
    assert.match(failure.message, /^400 the body is no JSON/);
    for (const [bad, param] of [[{ temperature: 3 }, 'temperature'], [{ n: 2 }, 'n'], [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'], [{ messages: [] }, 'messages']]) {
      const refusal = await client.chat.completions.create({ model, messages, ...bad }).catch(cause => cause);
      assert.ok(refusal instanceof OpenAI.BadRequestError, String(refusal));
      assert.equal(refusal.param, param);
    }
  });

  test(`${how}: it lists the models`, async () => {
    const { data } = await client.models.list();
    assert.deepEqual(data.map(({ id }) => id), [model]);
    assert.equal((await client.models.retrieve(model)).owned_by, 'rill');
  });
}

test('an upstream that is gone is its InternalServerError', async () => {
  const gone = await serve(program);
  await gone.end();
  const server = await serve(program, '--upstream', `${gone.url}/v1`);
  const failure = await client_of(server).chat.completions.create({ model, messages, stream: true }).catch(cause => cause);
  assert.ok(failure instanceof OpenAI.InternalServerError, String(failure));
  assert.equal(failure.status, 502);
  await server.end();
});

test('it retries what can be retried, and hears of nothing twice', async () => {
  let calls = 0;
  const client = new OpenAI({ apiKey: 'none', baseURL: `${origin.url}/v1`, maxRetries: 2,
    fetch: (url, options) => (++calls < 2 ? Promise.reject(new TypeError('no network')) : fetch(url, options)) });
  const { usage } = await client.chat.completions.create({ model, messages, max_tokens: 2 });
  assert.deepEqual([usage.completion_tokens, calls], [2, 2]);
});

test('none of them has a word on standard error', async () => {
  for (const server of servers.flatMap(([, ...both]) => both).reverse()) {
    assert.equal(await server.end(), 0);
    assert.equal(server.complaints, '');
  }
});

await run();
