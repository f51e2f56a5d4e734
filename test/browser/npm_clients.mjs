// Clients of event streams that come back by themselves, at hub: node npm_clients.mjs HUB EVENT_SERVER PACKAGES
import { listen as listen_by_httpx_sse } from './httpx_sse.mjs';
import { packages } from './packages.mjs';
import { staying } from './staying.mjs';
import { assert, run, test, until } from './support.mjs';

const [hub, event_server, directory] = process.argv.slice(2);
const load = packages(directory);
const types = ['message', 'checkpoint'];

/// A client whose `start(url, tell)` gives what ends it.
const client = (name, start, more = {}) => ({
  name,
  ...more,
  open: async url => {
    const told = [];
    const close = await start(url, event => told.push(event));
    return { told: async () => told, close };
  },
});

const eventsource = (url, tell) => {
  const { EventSource } = load('eventsource');
  const source = new EventSource(url);
  for (const type of types) source.addEventListener(type, tell);
  return () => source.close();
};

const eventsource_client = (url, tell) => {
  const { createEventSource } = load('eventsource-client');
  const source = createEventSource({ url, onMessage: ({ event, data }) => tell({ type: event ?? 'message', data }) });
  return () => source.close();
};

const launchdarkly = (url, tell) => {
  const { EventSource } = load('launchdarkly-eventsource');
  const source = new EventSource(url);
  for (const type of types) source.addEventListener(type, tell);
  source.on('error', () => {}); // which would end the process
  return () => source.close();
};

/// It is for browsers, and asks them for little.
const fetch_event_source = (url, tell) => {
  globalThis.window ??= globalThis;
  globalThis.document ??= { addEventListener() {}, removeEventListener() {} };
  const { fetchEventSource } = load('@microsoft/fetch-event-source');
  const abort = new AbortController();
  fetchEventSource(url, {
    signal: abort.signal, openWhenHidden: true,
    onmessage: ({ event, data }) => tell({ type: event || 'message', data }),
  });
  return () => abort.abort();
};

/// MCP's client at the stream of what a server says unasked. Named events it passes over, but for their ids.
const mcp = async (url, tell) => {
  const { StreamableHTTPClientTransport } = load('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const transport = new StreamableHTTPClientTransport(new URL(url));
  transport.onmessage = message => tell({ type: 'message', data: JSON.stringify(message) });
  await transport.start();
  // It gives an id before the event that it came with: one without an event is a checkpoint.
  await transport.resumeStream('', { onresumptiontoken: () => tell({ type: 'checkpoint', data: '' }) });
  return () => transport.close();
};

await staying(hub, event_server, [
  client('eventsource', eventsource),
  client('eventsource-client', eventsource_client),
  client('launchdarkly-eventsource', launchdarkly),
  client('fetch-event-source', fetch_event_source, { is_final: true }), // it takes a clean end for the last word
  client('MCP', mcp),
  client('as httpx-sse', listen_by_httpx_sse),
]);
await run();
