// How the tests of the chat listen and speak, with curl.
import { Program, assert, serve, until } from '../browser/support.mjs';

const [chat] = process.argv.slice(2);

const curl = (...args) => new Program('curl', ['-q', '--silent', '--show-error', '--no-buffer', ...args]);

/// Runs curl to its end: the status and the body of the answer.
export async function fetch(...args) {
  const client = curl('--write-out', '\n%{http_code}', ...args);
  assert.equal(await client.ended, 0, client.stderr);
  const [, body, status] = client.stdout.match(/^([^]*)\n(\d+)$/);
  return { status: Number(status), body };
}

/// A stream of the chat, and the user that it made.
export class Listener {
  static async to(url, ...args) {
    const made = new Listener();
    made.curl = curl(...args, url);
    await until(() => made.events.length > 0, `the first event; ${made.curl.stderr}`);
    const [first] = made.events;
    assert.equal(first.type, 'user');
    made.id = first.data;
    return made;
  }
  /// All blocks that came, as a browser would see them, checkpoints too.
  get blocks() {
    return this.curl.stdout.split('\n\n').slice(0, -1).map(block => {
      const fields = name => [...block.matchAll(new RegExp(`^${name}: ?(.*)$`, 'gm'))].map(([, value]) => value);
      return { type: fields('event')[0] ?? 'message', id: fields('id')[0], lines: fields('data'), data: fields('data').join('\n') };
    });
  }
  get events() { return this.blocks.filter(({ type, lines }) => lines.length > 0 && type !== 'checkpoint'); }
  get said() { return this.events.filter(({ type }) => type === 'message').map(({ data }) => data); }
  get last_id() { return this.blocks.findLast?.(({ id }) => id)?.id ?? this.blocks.filter(({ id }) => id).at(-1).id; }
  of(type) { return this.events.filter(event => event.type === type).map(({ data }) => data); }

  reads(...wanted) {
    const same = () => JSON.stringify(this.said) === JSON.stringify(wanted);
    return until(same, JSON.stringify(wanted)).catch(cause => { throw new Error(`${cause.message}: ${this.curl.stdout}`); });
  }
  leave() { return this.curl.end(); }
}

/// A server of its own, for `body`.
export const with_server = (body, ...args) => async () => {
  const server = await serve(chat, ...args);
  server.stream = `${server.url}/chat`;
  server.listen = (query = '', ...more) => Listener.to(`${server.stream}${query}`, ...more);
  server.say = (id, text, query = '', ...more) => fetch(...more, '--data-binary', text, `${server.stream}/${id}${query}`);
  server.call = (id, name, query = '') => fetch('-X', 'PUT', '--data-binary', name, `${server.stream}/${id}/name${query}`);
  await body(server);
  assert.equal(await server.end(), 0);
  assert.equal(server.complaints, '');
};
