// The page of the ticks program over TLS in Chromium, which verifies the certificate as it always does, with the
// authority in its database of trust: node tls_page.mjs TICKS CHROMIUM PACKAGES CERTIFICATES
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { desktop, in_state, open_page, text } from './page.mjs';
import { assert, run, serve, test, until } from './support.mjs';

const [program, chromium, directory, certificates] = process.argv.slice(2);
const file = name => join(certificates, name);

/// A home directory in which these authorities are trusted, and Chromium at home there.
const homes = [];
process.on('exit', () => homes.forEach(home => rmSync(home, { recursive: true, force: true })));
async function browser_that_trusts(...authorities) {
  const home = mkdtempSync(join(tmpdir(), 'rill-home-'));
  homes.push(home);
  const database = join(home, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  const certutil = (...args) => execFileSync('certutil', ['-d', `sql:${database}`, ...args], { stdio: 'pipe' });
  certutil('-N', '--empty-password');
  for (const name of authorities) certutil('-A', '-n', name, '-t', 'C,,', '-i', file(name));
  return launch(chromium, directory, { ...process.env, HOME: home });
}

const browser = await browser_that_trusts('ca.pem');
const stranger = await browser_that_trusts('other_ca.pem');

const with_certificate = (name, ...args) =>
  serve(program, '--interval', '100ms', '--certificate', file(`${name}.pem`), '--private-key', file(`${name}.key`), ...args);
const ticks_come = (page, wanted) => until(async () => Number(await text(page, '#count')) >= wanted, `${wanted} ticks`);

for (const host of ['127.0.0.1', 'localhost']) {
  test(`ticks appear at https://${host}, and the page is secure`, async () => {
    const server = await with_certificate('server', '--address', host);
    server.url = server.url.replace(/\/\/[^/]*:/, `//${host}:`);
    await open_page(browser, desktop, server, async page => {
      assert.match(page.url(), /^https:/);
      await in_state(page, 'live');
      await ticks_come(page, 5);
      assert.equal(await text(page, '#missed'), '0');
      assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol), 'http/1.1');
    });
  });
}

test('a server that comes back is live again, and the stream goes on where it was', async () => {
  const server = await with_certificate('server');
  await open_page(browser, desktop, server, async page => {
    await ticks_come(page, 3);
    await server.end();
    await in_state(page, 'reconnecting');
    const before = Number(await text(page, '#count'));
    const again = await with_certificate('server', '--port', server.port);
    await in_state(page, 'live');
    await ticks_come(page, before + 3);
    assert.equal(await text(page, '#missed'), '0');
    await again.end('SIGKILL');
  });
});

/// What Chromium says when it does not open the page.
async function refusal(who, certificate) {
  const server = await with_certificate(certificate);
  const page = await (await who.newContext()).newPage();
  try {
    return await page.goto(server.url).then(() => 'it opens', error => error.message);
  } finally {
    await page.context().close();
    assert.equal(await server.end(), 0);
    assert.equal(server.complaints, '');
  }
}

test('Chromium refuses an authority that it does not know', async () => {
  assert.match(await refusal(stranger, 'server'), /ERR_CERT_AUTHORITY_INVALID/);
});

test('Chromium refuses a name that the certificate is not for', async () => {
  assert.match(await refusal(browser, 'wrong_host'), /ERR_CERT_COMMON_NAME_INVALID/);
});

test('Chromium refuses a certificate that is expired', async () => {
  assert.match(await refusal(browser, 'expired'), /ERR_CERT_DATE_INVALID/);
});

await run();
