// What a suite for event stream clients does: serves streams, and takes what the client tells. See contract_service.cpp.
import http from 'node:http';
import net from 'node:net';
import { assert, until } from '../browser/support.mjs';

/// Listens on a port that the system chooses.
const listen = server => new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

/// A server of streams: each request waits in `connections` until the test answers it.
export class Streams {
  connections = [];
  #server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const connection = new Connection(request, response, Buffer.concat(chunks).toString());
      this.connections.push(connection);
    });
  });
  static async open() {
    const made = new Streams();
    made.url = `http://127.0.0.1:${await listen(made.#server)}`;
    return made;
  }
  /// The request with this number, from 0.
  connection(number) { return until(() => this.connections[number], `request ${number}`); }
  close() {
    this.connections.forEach(({ response }) => response.destroy());
    this.#server.close();
  }
}

class Connection {
  gone = false;
  constructor(request, response, body) {
    Object.assign(this, { request, response, body, headers: request.headers, at: performance.now() });
    response.on('close', () => { this.gone = true; });
  }
  /// Begins a stream, with this in it.
  stream(text = '', headers = {}) {
    this.response.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
    this.response.flushHeaders();
    if (text.length > 0) this.response.write(text);
    return this;
  }
  write(bytes) { this.response.write(bytes); }
  answer(status, headers = {}, body = '') { this.response.writeHead(status, headers).end(body); }
  end() { this.response.end(); }
  cut() { this.response.socket.destroy(); }
}

/// A client of the service, and what it tells, in order.
export class Client {
  messages = [];
  #numbers = [];
  #server;

  static async start(service, parameters) {
    const made = new Client();
    made.#server = http.createServer((request, response) => {
      const chunks = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        made.#numbers.push(Number(request.url.split('/').pop()));
        made.messages.push(JSON.parse(Buffer.concat(chunks).toString()));
        response.end();
      });
    });
    const callbackUrl = `http://127.0.0.1:${await listen(made.#server)}/told`;
    const answer = await fetch(service.url, { method: 'POST', body: JSON.stringify({ callbackUrl, initialDelayMs: 1, ...parameters }) });
    assert.equal(answer.status, 201, await answer.text());
    made.url = new URL(answer.headers.get('location'), service.url).href;
    return made;
  }

  /// The first `count` of a kind, which it waits for.
  async told(kind, count = 1) {
    const found = () => this.messages.filter(message => message.kind === kind);
    await until(() => found().length >= count, `${count} of kind ${kind}; there are ${JSON.stringify(this.messages)}`);
    this.#numbers.forEach((number, index) => assert.equal(number, index + 1));
    return found().slice(0, count);
  }
  /// The first events, as [type, data, id].
  async events(count) {
    return (await this.told('event', count)).map(({ event: { type, data, id = '' } }) => [type, data, id]);
  }
  comments(count) { return this.told('comment', count).then(all => all.map(({ comment }) => comment)); }
  async command(command) {
    return (await fetch(this.url, { method: 'POST', body: JSON.stringify({ command }) })).status;
  }
  async stop() {
    const { status } = await fetch(this.url, { method: 'DELETE' });
    this.#server.close();
    this.#server.closeAllConnections?.();
    return status;
  }
}

/// A port where nobody listens.
export async function free_port() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise(resolve => server.close(resolve));
  return port;
}
