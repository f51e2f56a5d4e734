// The contract of peers.py with Node's http and npm's better-sse: node better_sse.mjs --port N
//
// better-sse writes `data:BODY`, without the space, after an `event:` and an `id:` line.
import { createChannel, createSession } from 'better-sse';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const token = 'tokentokentokentoken';
const news = createChannel();
const plain = { serializer: String, retry: null, keepAlive: null }; // its default is JSON, and a comment now and then

/// Tokens until the client leaves. While it does not read they wait, and when it does the others have their turn first:
/// a client that keeps up would have Node look at no other socket.
async function* tokens(response) {
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  for (;;) {
    yield token;
    if (!response.writableNeedDrain) continue;
    await once(response, 'drain', { signal: leaving.signal });
    await setImmediate();
  }
}

const routes = {
  'GET /hello': (request, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end('Hello, World!');
  },
  'POST /publish': async (request, response) => {
    news.broadcast(await text(request));
    response.writeHead(204).end();
  },
  'GET /events': async (request, response) => {
    news.register(await createSession(request, response, plain));
  },
  'GET /firehose': async (request, response) => {
    const session = await createSession(request, response, plain);
    await session.iterate(tokens(response)).catch((error) => {
      if (!response.destroyed) throw error;
    });
  },
  'GET /quiet': async (request, response) => {
    const session = await createSession(request, response, plain);
    session.keepAlive(); // a comment
  },
};

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const server = createServer({ noDelay: true }, async (request, response) => {
  const route = routes[`${request.method} ${request.url}`];
  if (route) await route(request, response);
  else response.writeHead(404).end();
});
server.keepAliveTimeout = 0; // clients may rest between requests
server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
