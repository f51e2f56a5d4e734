// What the tests of this folder and of ../clients share: a reporter, and servers to test against. Node 18 will do.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export { default as assert } from 'node:assert/strict';
export { sleep };

const cases = [];
const running = new Set();
process.on('exit', () => running.forEach(child => child.kill('SIGKILL')));

/// A test case; `run` runs it. One that takes longer than `limit` milliseconds has failed.
export function test(name, body, limit = 30_000) {
  cases.push({ name, body, limit });
}

let skipped = 0;

/// A test case that cannot be tried here, and why.
export function skip(name, why) {
  ++skipped;
  console.log(`skipped ${name}: ${why}`);
}

/// Runs the cases one after the other and ends the process. The last line is `N passed, M failed`.
export async function run() {
  let failed = 0;
  for (const { name, body, limit } of cases) {
    const begin = Date.now();
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${limit} ms`)), limit);
    });
    try {
      await Promise.race([body(), late]);
      console.log(`ok      ${name} (${Date.now() - begin} ms)`);
    } catch (cause) {
      ++failed;
      console.log(`FAILED  ${name}\n${cause.stack ?? cause}`);
    }
    clearTimeout(timer);
  }
  console.log(`${cases.length - failed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exit(failed > 0 || cases.length === 0 ? 1 : 0);
}

/// A child process whose output is kept, but not what goes to a file descriptor that is given for its standard error.
export class Program {
  constructor(command, args, stderr = 'pipe') {
    this.stdout = '';
    this.stderr = '';
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', stderr] });
    running.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', text => { this.stdout += text; });
    this.child.stderr?.setEncoding('utf8').on('data', text => { this.stderr += text; });
    /// Its exit code, or the name of the signal that ended it, once its output is complete.
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        resolve(code ?? signal);
      });
    });
  }

  /// What it says on standard error, but for handlers that took long, as on a busy machine they may.
  get complaints() { return this.stderr.replace(/^.*: the handler held up its thread, .*\n/gm, ''); }

  /// Sends a signal, and gives `ended`.
  end(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }
}

/// Waits until `condition` gives something, and gives that; an error after `limit` milliseconds.
export async function until(condition, what, limit = 10_000) {
  const end = Date.now() + limit;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited ${limit} ms for ${what}`);
    await sleep(5);
  }
}

/// Starts a server, on a port that the system chooses unless `args` name one, and waits until it listens: `url` is where.
export async function serve(command, ...args) {
  const server = new Program(command, args.includes('--port') ? args : ['--port', '0', ...args]);
  const listens = until(() => server.stdout.match(/^listening on (\S+)\n/), 'the server to listen');
  const ended = server.ended.then(code => { throw new Error(`the server ended with ${code}: ${server.stderr}`); });
  ended.catch(() => {}); // later it may end as it likes
  [, server.url] = await Promise.race([listens, ended]);
  server.port = new URL(server.url).port;
  return server;
}
