// The libraries of two makers of language models, at streams of the forms that they read: node npm_models.mjs
// EVENT_SERVER PACKAGES
import { packages } from './packages.mjs';
import { assert, run, serve, test } from './support.mjs';

const [program, directory] = process.argv.slice(2);
const load = packages(directory);
const server = await serve(program);
const asked = { model: 'm', messages: [{ role: 'user', content: 'Say hello.' }], stream: true };
let requests = 0;
const counted = (...args) => {
  ++requests;
  return fetch(...args);
};
const settings = path => ({ apiKey: 'none', baseURL: server.url + path, maxRetries: 2, fetch: counted });

const openai = OpenAI => async function* texts(how) {
  for await (const { choices } of await new OpenAI(settings(`/${how}/v1`)).chat.completions.create(asked)) yield choices[0].delta.content;
};

async function* anthropic(how) {
  const { Anthropic } = load('@anthropic-ai/sdk');
  for await (const event of await new Anthropic(settings(`/${how}`)).messages.create({ ...asked, max_tokens: 9 }))
    if (event.type === 'content_block_delta') yield event.delta.text;
}

const clients = [
  ['openai 6', openai(load('openai').OpenAI)],
  ['openai 7', openai(load('openai-7').OpenAI)],
  ['@anthropic-ai/sdk', anthropic],
];

for (const [name, texts] of clients) {
  test(`${name}: keep-alives in the middle of an answer are not part of it`, async () => {
    const came = [];
    for await (const text of texts('quiet')) came.push(text);
    assert.deepEqual(came, ['Hello', ', World!']);
  });

  test(`${name}: a stream that is cut is an error behind what had come, and is not asked for again`, async () => {
    const came = [];
    requests = 0;
    const failure = await (async () => { for await (const text of texts('cut')) came.push(text); })().catch(cause => cause);
    assert.deepEqual(came, ['Hello']);
    assert.ok(failure instanceof Error, String(failure));
    assert.equal(requests, 1);
  });
}

test('@anthropic-ai/sdk: its helper for streams puts the message together', async () => {
  const { Anthropic } = load('@anthropic-ai/sdk');
  const { stream, ...what } = asked;
  assert.ok(stream);
  const message = await new Anthropic(settings('/quiet')).messages.stream({ ...what, max_tokens: 9 }).finalMessage();
  assert.deepEqual([message.content[0].text, message.stop_reason], ['Hello, World!', 'end_turn']);
});

await run();
