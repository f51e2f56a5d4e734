// The ticks program over TLS as curl, openssl and Node see it: node tls.mjs TICKS CERTIFICATES
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, assert, run, serve, test, until } from '../browser/support.mjs';

const [ticks, certificates] = process.argv.slice(2);
const here = mkdtempSync(join(tmpdir(), 'rill-tls-'));
const file = name => join(certificates, name);
const trusted = file('ca.pem');

const with_certificate = (name, ...args) =>
  serve(ticks, '--interval', '50ms', '--certificate', file(`${name}.pem`), '--private-key', file(`${name}.key`), ...args);
const curl = (...args) => new Program('curl', ['-q', '--silent', '--show-error', '--no-buffer', ...args]);
const ticks_of = text => [...text.matchAll(/^data: (\d+)\n\n/gm)].length;
const ticks_come = (client, wanted) => until(() => ticks_of(client.stdout) >= wanted, `${wanted} ticks; ${client.stderr}`);

const server = await with_certificate('server');
const stream = `${server.url}/ticks`;
const port = server.port;

const request = String.raw`GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

/// All that s_client prints until the server has answered one request, or refused.
async function s_client(...args) {
  const command = `printf '${request}' | openssl s_client -connect 127.0.0.1:${port} -CAfile "$0" -ign_eof "$@"`;
  const client = new Program('sh', ['-c', command, trusted, ...args]);
  await client.ended;
  return client.stdout + client.stderr;
}

test('it says https', () => assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/));

for (const version of ['1.2', '1.3']) {
  const only = ['--tls-max', version, `--tlsv${version}`];
  test(`curl streams over TLS ${version}`, async () => {
    const client = curl(...only, '--cacert', trusted, '--verbose', stream);
    await ticks_come(client, 3);
    await client.end();
    assert.match(client.stderr, new RegExp(`SSL connection using TLSv${version}`));
    assert.match(client.stderr, /ALPN: server accepted http\/1\.1/);
  });

  test(`a stream over TLS ${version} ends properly with the server`, async () => {
    const another = await with_certificate('server');
    const client = curl(...only, '--cacert', trusted, `${another.url}/ticks`);
    await ticks_come(client, 1);
    assert.equal(await another.end(), 0);
    assert.equal(await client.ended, 0, client.stderr);
    assert.equal(another.complaints, '');
  });

  const name = `-tls${version.replace('.', '_')}`;
  test(`openssl s_client${name} trusts the chain, and resumes its session`, async () => {
    const kept = join(here, `session${name}`);
    const first = await s_client(name, '-sess_out', kept, '-alpn', 'h2,http/1.1');
    assert.match(first, /Verify return code: 0 \(ok\)/);
    assert.match(first, /^New, TLSv1\.[23]/m);
    assert.match(first, /ALPN protocol: http\/1\.1/);
    const second = await s_client(name, '-sess_in', kept);
    assert.match(second, /^Reused, TLSv1\.[23]/m);
    for (const said of [first, second]) assert.match(said, /^HTTP\/1\.1 200 OK\r$/m);
  });
}

test('openssl s_client -reconnect resumes five times', async () => {
  const client = new Program('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', trusted, '-tls1_2', '-reconnect']);
  await client.ended;
  assert.equal((client.stdout.match(/^New, /gm) ?? []).length, 1);
  assert.equal((client.stdout.match(/^Reused, /gm) ?? []).length, 5);
});

test('TLS 1.1 is refused with protocol_version', async () => {
  const said = await s_client('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0');
  assert.match(said, /alert protocol version/);
});

test('a client that speaks only HTTP/2 is refused with no_application_protocol', async () => {
  assert.match(await s_client('-alpn', 'h2'), /alert no application protocol/);
});

/// How curl refuses: it must not come to a request.
async function refusal(...args) {
  const client = curl(...args);
  assert.equal(await client.ended, 60, client.stderr);
  assert.equal(client.stdout, '');
  return client.stderr;
}

test('curl refuses an authority that it does not know', async () => {
  assert.match(await refusal('--cacert', file('other_ca.pem'), stream), /unable to get local issuer certificate/);
});

test('curl refuses a name that the certificate is not for', async () => {
  const other = await with_certificate('wrong_host');
  assert.match(await refusal('--cacert', trusted, other.url), /no alternative certificate subject name matches/);
  assert.equal(await other.end(), 0);
});

test('curl refuses a certificate that is expired', async () => {
  const other = await with_certificate('expired');
  assert.match(await refusal('--cacert', trusted, other.url), /certificate has expired/);
  assert.equal(await other.end(), 0);
});

test('plain HTTP at the port of TLS is closed', async () => {
  const client = curl(`http://127.0.0.1:${port}/`);
  assert.ok([52, 56].includes(await client.ended), client.stderr); // nothing, or a reset
  assert.equal(client.stdout, '');
});

/// Streams with Node's own TLS.
function subscribe(url, agent) {
  return new Promise((resolve, reject) => {
    https.get(url, { agent, ca: readFileSync(trusted) }, answer => {
      const client = { stdout: '', stderr: '', ended: false, destroy: () => answer.destroy(), socket: answer.socket };
      answer.setEncoding('utf8').on('data', text => { client.stdout += text; });
      answer.on('end', () => { client.ended = true; }).on('error', () => {});
      resolve(client);
    }).on('error', reject);
  });
}

test('Node streams, and resumes its session', async () => {
  const agent = new https.Agent({ maxCachedSessions: 10 });
  const first = await subscribe(stream, agent);
  await ticks_come(first, 2);
  assert.equal(first.socket.isSessionReused(), false);
  first.destroy();
  const second = await subscribe(stream, agent);
  await ticks_come(second, 2);
  assert.equal(second.socket.isSessionReused(), true);
  second.destroy();
});

test('SIGHUP loads the certificate again: new clients see it, a stream that is open goes on', async () => {
  const [certificate, key] = [join(here, 'chain.pem'), join(here, 'key.pem')];
  const put = name => {
    copyFileSync(file(`${name}.pem`), certificate);
    copyFileSync(file(`${name}.key`), key);
  };
  put('server');
  const reloading = await serve(ticks, '--interval', '20ms', '--certificate', certificate, '--private-key', key);
  const subject = async () => {
    const client = curl('--cacert', trusted, '--verbose', '--max-time', '10', '-o', '/dev/null', `${reloading.url}/`);
    assert.equal(await client.ended, 0, client.stderr);
    return client.stderr.match(/subject: CN=(.*)/)[1];
  };
  const before = curl('--cacert', trusted, `${reloading.url}/ticks`);
  await ticks_come(before, 2);
  assert.equal(await subject(), 'localhost');

  put('renewed');
  reloading.child.kill('SIGHUP');
  await until(() => reloading.stderr.includes(`rill: loaded ${certificate} again\n`), 'the word of the log');
  assert.equal(await subject(), 'renewed localhost');

  writeFileSync(key, 'nothing');
  reloading.child.kill('SIGHUP');
  await until(() => reloading.stderr.includes(`rill: keeps its old certificate: ${key}: `), 'the other word of the log');
  assert.equal(await subject(), 'renewed localhost');

  const seen = ticks_of(before.stdout);
  await ticks_come(before, seen + 3);
  assert.equal(await reloading.end(), 0);
  assert.equal(await before.ended, 0, before.stderr);
});

/// What the program says when it does not serve.
async function complaint(...args) {
  const program = new Program(ticks, ['--port', '0', ...args]);
  const code = await program.ended;
  assert.equal(program.stdout, '');
  assert.match(program.stderr, /^[^\n]+\n$/);
  return { code, line: program.stderr };
}

for (const args of [['--certificate', 'a.pem'], ['--private-key', 'a.key'], ['--certificate', '', '--private-key', 'a.key']]) {
  test(`${JSON.stringify(args)} is exit code 2 and one line`, async () => {
    const { code, line } = await complaint(...args);
    assert.equal(code, 2);
    assert.match(line, /^ticks: .*--(private-key|certificate).*--help/);
  });
}

test('files that cannot be used are exit code 2 and one line that names them', async () => {
  const missing = await complaint('--certificate', join(here, 'none.pem'), '--private-key', file('server.key'));
  assert.equal(missing.code, 2);
  assert.match(missing.line, /none\.pem: No such file/);
  const wrong = await complaint('--certificate', file('server.pem'), '--private-key', file('renewed.key'));
  assert.equal(wrong.code, 2);
  assert.match(wrong.line, /renewed\.key: key values mismatch/);
});

test('all that was served left no word on standard error', async () => {
  assert.equal(server.complaints, '');
  assert.equal(await server.end(), 0);
});

await run();
