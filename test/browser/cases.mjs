// What holds for every EventSource: those of browsers, and the npm one.
import { assert, serve, sleep, test, until } from './support.mjs';
import { events, kinds, times } from './kinds.mjs';

const numbers = told => events(told).map(([, data]) => Number(data));
/// How often a server was asked for `path`.
const asked = async ({ url }, path) => Number(await (await fetch(`${url}/asked?path=${path}`)).text());
const count_to = n => Array.from({ length: n }, (_, i) => i + 1);

/// `listen` is that of kinds.mjs, with the EventSource to test; `server` is an event_server, and `program` its file.
/// A client that `forgets_ids` knows of an id only at the event that it came with. None comes back before `shortest_retry`
/// milliseconds, whatever the server says.
export function cases(program, server, listen, { forgets_ids, shortest_retry = 0 } = {}) {
  test('a stream opens long before its first event', async () => {
    const told = await listen({ url: `${server.url}/late`, count: 1 });
    assert.deepEqual(told.map(([type]) => type), ['open', 'message']);
    const [opened, came] = told.map(([, , , at]) => at);
    assert.ok(opened < 350 && came > 690, `open after ${opened} ms, the event after ${came} ms`);
  });

  test('events come with their type, data and id', async () => {
    const told = await listen({ url: `${server.url}/kinds`, count: 11 });
    assert.deepEqual(events(told), kinds({ forgets_ids }));
    assert.equal(times(told, 'open'), 1);
    assert.equal(times(told, 'error'), 0);
  });

  for (const end of ['return', 'throw']) {
    test(`no event is lost or doubled where the handler's ${end} ends the connection after each three`, async () => {
      const told = await listen({ url: `${server.url}/count?events=3&end=${end}`, count: 14 });
      assert.deepEqual(numbers(told), count_to(14));
      assert.deepEqual(events(told).map(([, , id]) => Number(id)), count_to(14));
      // What came right before a cut, a client may have dropped with the connection. It comes again.
      if (end === 'return') assert.equal(times(told, 'open'), 5);
      assert.ok(times(told, 'open') >= 5);
      assert.equal(times(told, 'error'), times(told, 'open') - 1);
    });
  }

  test('nor where it ends after each one', async () => {
    assert.deepEqual(numbers(await listen({ url: `${server.url}/count?events=1`, count: 5 })), count_to(5));
  });

  test('retry: says when to come back', async () => {
    const told = await listen({ url: `${server.url}/count?events=1`, count: 4 });
    const lost = told.findIndex(([type]) => type === 'error');
    const away = told[lost + 1][3] - told[lost][3];
    assert.equal(told[lost + 1][0], 'open');
    // Without it: 3 s in Chromium, 5 s in Firefox.
    assert.ok(away > 40 && away > shortest_retry * 0.9 && away < 1000 + shortest_retry, `back after ${away} ms`);
  });

  test('a checkpoint is where a client goes on, and no message', async () => {
    const told = await listen({ url: `${server.url}/checkpoint`, count: 1 });
    assert.deepEqual(events(told), [['message', 'here', forgets_ids ? '' : 'here']]);
  });

  test('204 tells a client that nothing more comes', async () => {
    const before = await asked(server, '/once');
    const told = await listen({ url: `${server.url}/once`, count: 2 }); // ends since it gives up
    assert.deepEqual(events(told), [['message', 'the only one', '1']]);
    assert.deepEqual(told.map(([type]) => type), ['open', 'message', 'error', 'error']);
    await sleep(300); // six times the retry
    assert.equal(await asked(server, '/once') - before, 2);
  });

  test('a handler that throws before its first event is a 500, which ends it', async () => {
    const told = await listen({ url: `${server.url}/failure`, count: 1 });
    assert.deepEqual(told.map(([type]) => type), ['error']);
    const line = /GET \/failure: the handler failed: before the first event\n/;
    await until(() => line.test(server.stderr), 'the word of the log');
  });

  const many = shortest_retry > 0 ? 40 : 100; // of which four come with each connection
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`a server that is ended by ${signal} and started again goes on where it was`, async () => {
      const first = await serve(program);
      // Four events in each 50 ms at most: the first server does not get to the end of them.
      const listening = listen({ url: `${first.url}/count?events=4`, count: many });
      listening.catch(() => {}); // it is awaited below
      await until(async () => await asked(first, '/count') >= 3, 'three connections');
      await first.end(signal);
      await sleep(100);
      const second = await serve(program, '--port', first.port);
      assert.deepEqual(numbers(await listening), count_to(many));
      assert.equal(await second.end(), 0);
    });
  }
}
