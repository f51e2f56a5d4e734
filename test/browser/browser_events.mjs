// A browser's EventSource: node browser_events.mjs EVENT_SERVER HUB BROWSER PACKAGES, where BROWSER is a Chromium or a
// Firefox, by the name of its program.
import { basename } from 'node:path';
import { cases } from './cases.mjs';
import { launch } from './chromium.mjs';
import { launch_firefox } from './firefox.mjs';
import { listen } from './kinds.mjs';
import { staying } from './staying.mjs';
import { run, serve } from './support.mjs';

const [program, hub, path, directory] = process.argv.slice(2);
const is_firefox = basename(path).includes('firefox');
const browser = await (is_firefox ? launch_firefox : launch)(path, directory);
const server = await serve(program);

/// A page of the origin of `url`, so that nothing is asked of CORS.
async function page_for(url) {
  const page = await browser.newPage();
  await page.goto(new URL(url).origin);
  return page;
}

cases(program, server, async what => {
  const page = await page_for(what.url);
  const told = await page.evaluate(listen, what);
  await page.close();
  return told;
}, { shortest_retry: is_firefox ? 500 : 0 });

await staying(hub, program, [{
  name: basename(path),
  async open(url) {
    const page = await page_for(url);
    await page.evaluate(address => {
      globalThis.told = [];
      const source = new EventSource(address);
      for (const type of ['message', 'checkpoint'])
        source.addEventListener(type, ({ data }) => globalThis.told.push({ type, data }));
    }, url);
    return { told: () => page.evaluate(() => globalThis.told), close: () => page.close() };
  },
}], { cuts: 1 }); // they take their time to come back

await run();
