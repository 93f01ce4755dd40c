import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CertificateMaker, type MadeCertificate, openCertificateMaker, skipWithoutOpenssl as skip } from '../support/certificates.ts';
import { testDatabaseKind } from '../support/empty-database.ts';
import { askSecurely } from '../support/https-client.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startSeededServer } from '../support/seeded-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary.ts';

let maker: CertificateMaker;
let first: MadeCertificate;
let second: MadeCertificate;
before(() => {
  if (skip) return;
  maker = openCertificateMaker();
  [first, second] = [maker.make('first'), maker.make('second')];
});
after(() => maker?.remove());

const tls = ({ certificate, key }: MadeCertificate) => ({ TLS_CERT: certificate, TLS_KEY: key });
const isEmbedded = testDatabaseKind() === 'embedded';

/** Waits for something that the server prints soon after its address. */
async function printed(server: ServerProcess, text: RegExp): Promise<void> {
  const until = Date.now() + 20_000;
  while (!text.test(server.output())) {
    assert.ok(Date.now() < until, `${text} is not printed:\n${server.output()}`);
    await delay(20);
  }
}

test('in production with its own certificate the service says https, and a whole sign-up works over it', { skip }, async () => {
  await using seeded = await startSeededServer({ environment: { ...tls(first), NODE_ENV: 'production' } });
  assert.match(seeded.url, /^https:/);
  await printed(seeded.server, /^ {2}HTTPS {11}spoken here, with a certificate until \d{4}-\d\d-\d\d \(TLS_CERT\)$/m);
  const url = seeded.url.replace('127.0.0.1', 'localhost');
  const answer = await askSecurely(`${url}/healthz`, { ca: first.cert });
  assert.deepEqual([answer.status, answer.headers['strict-transport-security']], [200, 'max-age=31536000; includeSubDomains']);
  const tried = await runChodae(['try', url], { environment: { NODE_EXTRA_CA_CERTS: first.certificate } });
  assert.deepEqual([tried.code, tried.stderr], [0, ''], tried.stdout);
});

test('commands on the same machine need no key and no certificate, however strict the service is', { skip }, async () => {
  for (const settings of [tls(first), { FORCE_HTTPS: 'on' }]) {
    const environment: Record<string, string> = { ...settings, NODE_ENV: 'production', TRUST_PROXY: 'loopback' };
    await using seeded = await startSeededServer({ environment });
    const own = { ...seeded.database.environment, ...environment };
    const listed = await runChodae(['invite', 'list', '--json'], { environment: own });
    assert.deepEqual([listed.code, listed.stderr], [0, ''], JSON.stringify(settings));
    assert.equal(JSON.parse(listed.stdout).items.length, 5);
    const made = await runChodae(['invite', 'create', '--count', '200'], { environment: own });
    assert.deepEqual([made.code, made.stdout.trim().split('\n').length], [0, 200]);
    if (isEmbedded) assert.ok(existsSync(path.join(String(own.DATA_DIR), '.local-operator.sock')));
    await seeded.server.stop();
    if (isEmbedded) assert.ok(!existsSync(path.join(String(own.DATA_DIR), '.local-operator.sock')));
  }
});

test('SIGHUP makes a process reload its certificate', { skip }, async () => {
  const folder = temporaryFolder('live');
  const live = { TLS_CERT: path.join(folder.path, 'cert.pem'), TLS_KEY: path.join(folder.path, 'key.pem') };
  const put = (pair: MadeCertificate) => {
    copyFileSync(pair.certificate, live.TLS_CERT);
    copyFileSync(pair.key, live.TLS_KEY);
  };
  put(first);
  await using seeded = await startSeededServer({ environment: live });
  const url = `${seeded.url.replace('127.0.0.1', 'localhost')}/healthz`;
  const ca = first.cert + second.cert;
  assert.equal((await askSecurely(url, { ca })).certificateName, 'first');
  put(second);
  seeded.server.process.kill('SIGHUP');
  const until = Date.now() + 20_000;
  while ((await askSecurely(url, { ca })).certificateName !== 'second') {
    assert.ok(Date.now() < until, seeded.server.output());
    await delay(20);
  }
  folder.remove();
});

test('an expired certificate is reported at the start, and used', { skip }, async () => {
  maker.run(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    ...['-keyout', 'old.key.pem', '-out', 'old.csr.pem'].concat(['-subj', '/CN=old', '-days', '1']),
  );
  const [certificate, key] = [path.join(maker.folder, 'old.pem'), path.join(maker.folder, 'old.key.pem')];
  maker.run('x509', '-in', 'old.csr.pem', '-signkey', 'old.key.pem', '-days', '-1', '-out', 'old.pem');
  await using seeded = await startSeededServer({ environment: { TLS_CERT: certificate, TLS_KEY: key } });
  await printed(seeded.server, /HTTPS {11}The certificate of TLS_CERT expired on \d{4}-\d\d-\d\d: renew it/);
});

test('an unusable pair gives one message and exit code 1', { skip }, async () => {
  const environment = { TLS_CERT: first.certificate, TLS_KEY: second.key };
  const { code, stderr } = await runChodae(['serve', '--port', '0'], { environment });
  assert.equal(code, 1);
  assert.match(stderr, /^TLS_KEY \(.*\) is not the key of the first certificate in TLS_CERT [^\n]*\n$/);
});

test('`chodae doctor` checks the certificate and how HTTPS is detected', { skip }, async () => {
  const findingOf = async (environment: Record<string, string>) => {
    const { stdout } = await runChodae(['doctor', '--json'], { environment });
    const { findings } = JSON.parse(stdout) as { findings: { name: string; verdict: string; message: string }[] };
    const { verdict, message } = findings.find(({ name }) => name === 'https') ?? assert.fail(stdout);
    return `${verdict}: ${message}`;
  };
  assert.match(await findingOf(tls(first)), /^ok: spoken here, with a certificate until /);
  assert.match(await findingOf(tls(maker.make('short', 5))), /^warning: the certificate of TLS_CERT expires on /);
  assert.match(await findingOf({ TLS_CERT: first.certificate, TLS_KEY: second.key }), /^problem: TLS_KEY .* is not the key/);
  assert.match(await findingOf({ FORCE_HTTPS: 'on' }), /^problem: .* nothing can show/);
  assert.match(await findingOf({ FORCE_HTTPS: 'on', TRUST_PROXY: 'loopback' }), /^ok: required/);
  assert.match(await findingOf({ NODE_ENV: 'production', FORCE_HTTPS: 'off' }), /^warning: /);
  assert.match(await findingOf({ HOST: '0.0.0.0' }), /^warning: /);
  assert.match(await findingOf({}), /^ok: not required/);
});
