import assert from 'node:assert/strict';
import { renameSync, symlinkSync } from 'node:fs';
import { Agent } from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openCertificateMaker, skipWithoutOpenssl } from '../support/certificates.ts';
import { emptyDatabase } from '../support/empty-database.ts';
import { faultRounds, recordFault } from '../support/fault-record.ts';
import { askSecurely, type SecureAnswer } from '../support/https-client.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { readSamples } from '../support/prometheus-text.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

const skip = skipWithoutOpenssl || (findPostgresqlBinaries() ? false : 'needs PostgreSQL');
const workers = 2;
/** Seconds until every worker has read the files, on a machine that is busy. */
const patienceSeconds = 60;

/** A worker that starts late would begin with the new certificate. */
async function allWorkersReady(server: ServerProcess): Promise<void> {
  const until = Date.now() + patienceSeconds * 1000;
  for (let ready = 0; ready !== workers; await delay(20)) {
    assert.ok(Date.now() < until, `not every worker is ready:\n${server.output()}`);
    const metrics = /Metrics +(http\S+)/.exec(server.output())?.[1];
    if (!metrics) continue;
    const answer = await fetch(metrics);
    if (answer.ok) ready = readSamples(await answer.text()).get('chodae_workers') ?? 0;
  }
}

test('after SIGHUP under load new connections get the new certificate from every worker, and no request fails', { skip }, async () => {
  const maker = openCertificateMaker();
  const pairs = [maker.make('even'), maker.make('odd')];
  const ca = pairs.map(({ cert }) => cert).join('');
  const link = path.join(maker.folder, 'live');
  for (const [index, { certificate, key }] of pairs.entries()) {
    const folder = path.join(maker.folder, String(index));
    maker.pair(folder, certificate, key);
  }
  const pointTo = (index: number) => {
    symlinkSync(path.join(maker.folder, String(index)), `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  pointTo(0);
  await using database = await emptyDatabase('postgresql');
  const files = { TLS_CERT: path.join(link, 'cert.pem'), TLS_KEY: path.join(link, 'key.pem') };
  const environment = {
    ...database.environment,
    ...files,
    FORCE_HTTPS: 'on',
    LOG_LEVEL: 'warn',
    DATABASE_POOL_SIZE: '4',
    METRICS_PORT: '0',
  };
  await using server = await startServer({ environment, args: ['--workers', String(workers)] });
  await allWorkersReady(server);
  const url = `${server.url.replace('127.0.0.1', 'localhost')}/auth/invitation/verify`;

  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const failed: unknown[] = [];
  let answered = 0;
  let isOver = false;
  const ask = (kept: boolean): Promise<SecureAnswer> => {
    const headers = { 'content-type': 'application/json' };
    return askSecurely(url, { method: 'POST', headers, ca, agent: kept ? agent : false }, '{"invitation_code":"nobody-has-this"}');
  };
  async function client(kept: boolean): Promise<void> {
    while (!isOver) {
      try {
        const { status, body } = await ask(kept);
        if (status === 404) answered += 1;
        else failed.push(`${status} ${body}`);
      } catch (error) {
        failed.push(error);
      }
    }
  }
  const clients = Promise.all([true, true, false, false].map(client));

  const rounds = faultRounds(1, 20);
  for (let round = 1; round <= rounds; round += 1) {
    const before = answered;
    pointTo(round % 2);
    server.process.kill('SIGHUP');
    const wanted = ['even', 'odd'][round % 2];
    const until = Date.now() + patienceSeconds * 1000;
    // Connections go to the workers more or less in turn: so many in a row have met each of them.
    for (let inRow = 0; inRow < 20 * workers; ) {
      inRow = (await ask(false)).certificateName === wanted ? inRow + 1 : 0;
      assert.ok(Date.now() < until, 'a worker still shows the old certificate');
      await delay(10);
    }
    assert.ok(answered > before);
  }
  isOver = true;
  await clients;
  agent.destroy();
  maker.remove();
  assert.deepEqual(failed, []);
  recordFault({
    name: 'replaced-certificate',
    fault: `the certificate is replaced and SIGHUP sent ${rounds} times under load, with ${workers} workers`,
    demand: 'new connections get the new one from every worker; no request fails',
    seen: `${answered} requests answered, 0 failed`,
  });
});
