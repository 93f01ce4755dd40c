import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readConfig } from '../../src/config/read-config.ts';
import { statement } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { EmptyDatabase } from '../support/empty-database.ts';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { newDeadline } from '../support/new-deadline.ts';
import { type OutageLoad, type OutageTally, refusedOf, startOutageLoad, tallyOutages } from '../support/outage-load.ts';
import { ownDatabase } from '../support/own-database.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun } from '../support/sign-up-load.ts';
import { type SmallDisk, smallDisk, whyNoSmallDisk } from '../support/small-disk.ts';

const skip = whyNoSmallDisk() ?? false;
const settings = { BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn' };
/** Milliseconds; in a short run the machine may be busy with other tests. */
const longestRecovery = isLongForm ? 10_000 : 30_000;

/** Fills the disk while people sign up, and makes room once some were told to come back. @param repair what room alone does not repair. */
async function goThroughFullDisk(load: OutageLoad, disk: SmallDisk, tally: OutageTally, repair: () => Promise<void>): Promise<void> {
  await load.served(30);
  disk.fill();
  const until = performance.now() + 20_000;
  while (refusedOf(load.answers).length < 10) {
    assert.ok(performance.now() < until, 'the disk is full, and no request fails');
    await delay(20);
  }
  disk.makeRoom();
  await repair();
  const ended = performance.now();
  await load.served(30);
  await load.stop();
  tally.add(load.answers, ended);
}

function record(name: string, fault: string, tally: OutageTally, more: string): string {
  const text = `${tally.summary('there was room')}; ${more}; nothing lost`;
  const demand =
    'nothing is answered that is not stored, also after a restart; 503 with Retry-After; served again within 10 s of room being made';
  recordFault({ name, fault, demand, seen: text });
  return text;
}

test('the disk of PostgreSQL is full: nothing is acknowledged that is not stored, and service resumes when there is room', {
  skip,
}, async (context) => {
  using disk = smallDisk(200);
  await using own = await ownDatabase({
    directory: disk.directory,
    settings: { wal_recycle: 'off', max_wal_size: '32MB', min_wal_size: '32MB' },
  });
  await using server = await startServer({ environment: { ...own.environment, ...settings } });
  const client = signUpClient(server.url);
  const tally = tallyOutages(longestRecovery);
  const all: Attempt[] = [];
  let restarts = 0;
  const rounds = faultRounds(1, 10);
  for (let round = 1; round <= rounds; round += 1) {
    const attempts = await prepareAttempts(own.query, `FULL-${round}`);
    all.push(...attempts);
    await using load = startOutageLoad([client], attempts);
    await goThroughFullDisk(load, disk, tally, async () => {
      const { exitCode, signalCode } = own.server.process;
      if (exitCode === null && signalCode === null) return;
      restarts += 1;
      await own.server.start();
    });
    await settleBegun([client], attempts);
    await own.server.stop('immediate');
    await own.server.start();
    await settleBegun([client], attempts);
    await assertTablesAgree(own.query, all);
  }
  const fault = `the disk of PostgreSQL filled to the last byte while 8 people sign up, ${rounds} times, and PostgreSQL killed afterwards`;
  context.diagnostic(
    record('full-disk-postgresql', fault, tally, `PostgreSQL ended by itself ${restarts} times (then it was started again)`),
  );
});

test('the disk of the embedded database is full: nothing is acknowledged that is not stored, and service resumes when there is room', {
  skip,
}, async (context) => {
  using disk = smallDisk(250);
  const environment = { DATA_DIR: path.join(disk.directory, 'data') };
  const whileClosed = async <T>(work: (query: EmptyDatabase['query']) => Promise<T>): Promise<T> => {
    const { database } = await openDatabase(readConfig(environment).database, () => {});
    try {
      return await work((sql, values) => database.run(statement('test', sql), values ?? [], newDeadline()));
    } finally {
      await database.close();
    }
  };
  const tally = tallyOutages(longestRecovery);
  const all: Attempt[] = [];
  const rounds = faultRounds(1, 10);
  for (let round = 1; round <= rounds; round += 1) {
    const attempts = await whileClosed((query) => prepareAttempts(query, `FULL-${round}`));
    all.push(...attempts);
    const server = await startServer({ environment: { ...environment, ...settings } });
    try {
      const client = signUpClient(server.url);
      await using load = startOutageLoad([client], attempts);
      await goThroughFullDisk(load, disk, tally, async () => {});
      await settleBegun([client], attempts);
    } finally {
      await server.kill();
    }
    // On what the dead has left.
    await whileClosed((query) => assertTablesAgree(query, all));
  }
  const fault = `the disk of the embedded database filled to the last byte while 8 people sign up, ${rounds} times, and the server killed afterwards`;
  context.diagnostic(record('full-disk-embedded', fault, tally, 'no restart was needed'));
});
