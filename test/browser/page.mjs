// What the tests of the demos' pages share.
import { readFileSync } from 'node:fs';
import { packages } from './packages.mjs';
import { assert, until } from './support.mjs';

export const desktop = { viewport: { width: 1100, height: 660 } };
export const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/// A page in a window of its own. Whatever it complains about, but for what is `expected`, and whatever it asks elsewhere
/// than at `url`, goes to `complaints`.
export async function new_page(browser, window, url, complaints, expected = /^$/) {
  const page = await (await browser.newContext(window)).newPage();
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => {
    // That the server cannot be reached is no fault of the page, and Chromium says it there.
    const fault = !/net::ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(message.text()) && !expected.test(message.text());
    if (fault) complaints.push(message.text());
  });
  page.on('request', request => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  return page;
}

/// Runs `body` with the page of a server, which is open in a window of that kind; then the server is ended. A complaint, as
/// in `new_page`, has it fail.
export async function open_page(browser, window, server, body, { path = '/', expected } = {}) {
  const complaints = [];
  const page = await new_page(browser, window, new URL(server.url).origin, complaints, expected);
  await page.goto(server.url + path);
  try {
    await body(page, server);
    assert.deepEqual(complaints, []);
  } finally {
    await page.context().close();
    await server.end('SIGKILL');
  }
}

/// That axe-core finds nothing in the page, as it is now, that keeps anybody from using it.
export async function accessible(page, directory) {
  await page.evaluate(readFileSync(packages(directory).resolve('axe-core/axe.min.js'), 'utf8'));
  assert.deepEqual(await page.evaluate(async () => (await globalThis.axe.run()).violations.map(
    ({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' ')}`)), []);
}

export const text = (page, selector) => page.locator(selector).innerText();
export const in_state = (page, wanted) => until(async () => await text(page, '#state') === wanted, `the state ${wanted}`);
