// How the tests of the language model ask and listen.
import { createServer } from 'node:http';
import { assert, serve, until } from '../browser/support.mjs';

export const question = [{ role: 'user', content: 'What is a topic?' }];
export const model = 'rill-ngram';

/// Posts JSON, or a text as it stands.
export const post = (url, body, options = {}) => fetch(url, {
  method: 'POST', body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' }, ...options,
});

export const complete = (server, body, options) =>
  post(`${server.url}/v1/chat/completions`, { model, messages: question, ...body }, options);

/// A seed with which the answer to `question` ends by itself, after so many tokens: the documents that the model has read
/// change.
export async function seed_for(program, least, most) {
  const server = await serve(program, '--pace', '1ms');
  for (let seed = 1;; ++seed) {
    const { usage: { completion_tokens: tokens } } = await (await complete(server, { seed, max_tokens: most })).json();
    if (tokens < least || tokens === most) continue;
    await server.end('SIGKILL');
    return seed;
  }
}

export const status = async server => (await fetch(`${server.url}/status`)).json();
export const running = async server => (await status(server)).generations.running;
export const idle = server => until(async () => await running(server) === 0, 'nothing to be generated');

/// That the answer is an error as OpenAI's API has them, and says why.
export async function refused(answer, code, why, more = {}) {
  assert.equal(answer.status, code);
  assert.equal(answer.headers.get('Content-Type'), 'application/json');
  const { error, ...rest } = await answer.json();
  assert.deepEqual(rest, {});
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
  assert.match(error.message, why);
  assert.equal(error.type, code < 500 ? 'invalid_request_error' : 'server_error');
  for (const [name, value] of Object.entries(more)) assert.equal(error[name], value, name);
}

/// The events of a text: { type, data, id }, checkpoints left out.
export function events_in(text) {
  return text.split('\n\n').map(block => {
    const event = { type: 'message', data: [], id: '' };
    for (const line of block.split('\n')) {
      const [, name, value] = line.match(/^([^:]*)(?:: ?(.*))?$/s);
      if (name === 'data') event.data.push(value);
      if (name === 'event') event.type = value;
      if (name === 'id') event.id = value;
    }
    return event;
  }).filter(({ type, data }) => data.length > 0 && type !== 'checkpoint').map(event => ({ ...event, data: event.data.join('\n') }));
}

/// The chunks of a stream's text, which must end with [DONE].
export function chunks_in(text) {
  const events = events_in(text);
  assert.equal(events.pop().data, '[DONE]');
  return events.map(({ data }) => JSON.parse(data));
}
export const content_of = chunks => chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('');

/// Begins an answer for the page, and gives its address.
export async function begin(server, body = {}) {
  const answer = await post(`${server.url}/runs`, { messages: question, ...body });
  assert.equal(answer.status, 201, await answer.clone().text());
  const { id } = await answer.json();
  assert.equal(answer.headers.get('Location'), `/runs/${id}`);
  return `${server.url}/runs/${id}`;
}

/// Listens to an answer until it has heard so many events, and leaves; to its end if no number is given.
export async function hear(url, count = Infinity, headers = {}) {
  const abort = new AbortController();
  const answer = await fetch(url, { headers, signal: abort.signal });
  if (answer.status !== 200) return { status: answer.status, events: [] };
  let text = '';
  let events = [];
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    events = events_in(text.slice(0, text.lastIndexOf('\n\n') + 2));
    if (events.length >= count) break; // which cancels the body, and so leaves
  }
  abort.abort();
  return { status: 200, events: events.slice(0, count) };
}
export const said = events => events.filter(({ type }) => type === 'token').map(({ data }) => data).join('');

/// A server that the test answers for, and one of ours in front of it. `requests` has what it was asked, `userinfo` and
/// `base` are parts of the URL that ours is given.
export async function behind(program, respond, { args = [], key, userinfo = '', base = '/v1' } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    respond(request, response, body);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const before = process.env.OPENAI_API_KEY;
  if (key !== undefined) process.env.OPENAI_API_KEY = key;
  const front = await serve(program, '--upstream', `http://${userinfo}127.0.0.1:${server.address().port}${base}`, ...args);
  if (before === undefined) delete process.env.OPENAI_API_KEY;
  else process.env.OPENAI_API_KEY = before;
  const end = async () => {
    server.closeAllConnections();
    server.close();
    assert.equal(await front.end(), 0);
    assert.equal(front.complaints, '');
  };
  return { url: front.url, requests, end };
}

export const as_events = response => response.writeHead(200, { 'Content-Type': 'text/event-stream' });
