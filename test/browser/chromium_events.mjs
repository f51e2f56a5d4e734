// Chromium's EventSource: node chromium_events.mjs EVENT_SERVER CHROMIUM PACKAGES
import { cases } from './cases.mjs';
import { launch } from './chromium.mjs';
import { listen } from './kinds.mjs';
import { run, serve } from './support.mjs';

const [program, chromium, directory] = process.argv.slice(2);
const browser = await launch(chromium, directory);
const server = await serve(program);

cases(program, server, async what => {
  const page = await browser.newPage();
  await page.goto(new URL(what.url).origin); // the same origin: nothing is asked of CORS
  const told = await page.evaluate(listen, what);
  await page.close();
  return told;
});
await run();
