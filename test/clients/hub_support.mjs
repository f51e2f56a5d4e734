// How the tests of the hub publish and listen.
import { Program, assert, until } from '../browser/support.mjs';

export const curl = (...args) => new Program('curl', ['-q', '--silent', '--show-error', '--no-buffer', ...args]);

/// curl at an event stream. Its events are as clients have them (WHATWG HTML §9.2.6): { type, data, id }, and `retry`
/// where they have one. Checkpoints are left out.
class Listener {
  #program;
  #rest = '';
  #event = { data: [] };
  #id = '';
  #events = [];

  constructor(...args) {
    this.#program = curl(...args);
    this.#program.child.stdout.on('data', text => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop();
      for (const line of lines) this.#take(line);
    });
  }

  #take(line) {
    if (line !== '') {
      const [, name, value] = line.match(/^([^:]*)(?:: ?(.*))?$/s);
      if (name === 'data') this.#event.data.push(value);
      if (name === 'event') this.#event.type = value;
      if (name === 'id') this.#id = value;
      if (name === 'retry') this.#event.retry = Number(value);
      return;
    }
    const { type = 'message', data, ...more } = this.#event;
    if (data.length > 0 && type !== 'checkpoint') this.#events.push({ type, data: data.join('\n'), id: this.#id, ...more });
    this.#event = { data: [] };
  }

  /// All that came, as it came.
  get text() { return this.#program.stdout; }
  /// The events so far.
  get all() { return this.#events; }
  /// curl's exit code.
  get ended() { return this.#program.ended; }
  get complaints() { return this.#program.stderr; }

  /// The first `count` events, which it waits for.
  async events(count) {
    await until(() => this.all.length >= count, `${count} events; there are ${this.all.length}; ${this.complaints}`);
    return this.all.slice(0, count);
  }

  /// Reads nothing any more, until `resume`.
  pause() { this.#program.child.kill('SIGSTOP'); }
  resume() { this.#program.child.kill('SIGCONT'); }
  end() { return this.#program.end('SIGKILL'); }
}

/// Listens to a topic: what is published from now on will come.
export async function listen(...args) {
  const listener = new Listener(...args);
  await until(() => listener.text.includes('\n\n'), `the stream to begin; ${listener.complaints}`);
  return listener;
}

/// What there is in a topic, which must be `count` events at least.
export async function kept(topic, count) {
  const listener = await listen(`${topic}?start=earliest`);
  const events = await listener.events(count);
  await listener.end();
  return events;
}

export const post = (url, body, headers = {}) => fetch(url, { method: 'POST', body, headers });

/// Publishes a text as it stands, and anything else as JSON; gives the id.
export async function publish(url, event) {
  const json = typeof event !== 'string';
  const answer = await post(url, json ? JSON.stringify(event) : event, json ? { 'Content-Type': 'application/json' } : {});
  assert.equal(answer.status, 204, await answer.text());
  return Buffer.from(answer.headers.get('Last-Event-ID'), 'latin1').toString();
}

/// That the answer is a problem as RFC 9457 has it, and says why.
export async function problem(answer, status, why) {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('Content-Type'), 'application/problem+json');
  const said = await answer.json();
  assert.deepEqual(Object.keys(said), ['type', 'title', 'status', 'detail']);
  assert.equal(said.type, 'about:blank');
  assert.equal(said.title, answer.statusText);
  assert.equal(said.status, status);
  assert.match(said.detail, why);
}

export const statistics = async server => (await fetch(`${server.url}/topics`)).json();
