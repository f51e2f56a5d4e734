// The EventSource of npm's eventsource: node npm_eventsource.mjs EVENT_SERVER PACKAGES
import { cases } from './cases.mjs';
import { listen } from './kinds.mjs';
import { packages } from './packages.mjs';
import { run, serve } from './support.mjs';

const [program, directory] = process.argv.slice(2);
const { EventSource } = packages(directory)('eventsource');
const server = await serve(program);

cases(program, server, what => listen(what, EventSource), { forgets_ids: true });
await run();
