// What an EventSource must make of the events of GET /kinds of event_server.cpp, and the code that asks one.

const sent = [ // the type, the data, and the id where there is one
  ['message', 'plain'],
  ['greeting', 'named'],
  ['message', 'with an id', 'a'],
  ['message', 'after an id'],
  ['message', 'one\ntwo\n\nfour\n'],
  ['message', '  spaces  '],
  ['message', ': no comment'],
  ['message', ''],
  ['message', 'příliš žluťoučký kůň, 漢字, 🐎, \u2028\u0085\ufeff', 'žluť 🐎'],
  ['greeting', 'no id any more', ''],
  ['end', '.'],
];

/// These events as a client tells them. The last id stays (WHATWG HTML §9.2.6), unless the client `forgets_ids`.
export function kinds({ forgets_ids }) {
  let last = '';
  return sent.map(([type, data, id]) => {
    if (id !== undefined || forgets_ids) last = id ?? '';
    return [type, data, last];
  });
}

/// Opens a stream with `EventSource` and gives all that it tells as [type, data, last id, milliseconds since the
/// beginning], until `count` events have come or it has given up for good. It runs in a browser as it stands, so it
/// refers to nothing outside.
export function listen({ url, count, types = ['message', 'greeting', 'end'] }, EventSource = globalThis.EventSource) {
  return new Promise(resolve => {
    const told = [];
    const begin = performance.now();
    const source = new EventSource(url);
    let left = count;
    const take = event => {
      if (left === 0) return;
      told.push([event.type, event.data ?? '', event.lastEventId ?? '', performance.now() - begin]);
      if (types.includes(event.type)) --left;
      if (left > 0 && source.readyState !== 2) return;
      source.close();
      left = 0;
      resolve(told);
    };
    for (const type of ['open', 'error', ...types]) source.addEventListener(type, take);
  });
}

/// The events alone, without opening, failing and times.
export const events = told => told.filter(([type]) => type !== 'open' && type !== 'error').map(row => row.slice(0, 3));

/// How often that happened.
export const times = (told, type) => told.filter(row => row[0] === type).length;
