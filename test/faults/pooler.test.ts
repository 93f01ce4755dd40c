import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { startOutageLoad, tallyOutages } from '../support/outage-load.ts';
import { type OwnDatabase, ownDatabase } from '../support/own-database.ts';
import { findPgbouncer, type Pgbouncer, startPgbouncer } from '../support/pgbouncer.ts';
import { insertInvitation, insertReadySessions } from '../support/ready-sessions.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { samplePhone, signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun } from '../support/sign-up-load.ts';

const skip = findPgbouncer() ? false : 'no PgBouncer on this machine';
/** Milliseconds; in a short run the machine may be busy with other tests. */
const longestRecovery = isLongForm ? 3_000 : 15_000;
/** Milliseconds for which the pooler is paused: shorter and longer than the program waits. */
const pauses = isLongForm ? [500, 5_000] : [500];

let own: OwnDatabase;
let pooler: Pgbouncer;
let server: ServerProcess;
const all: Attempt[] = [];
before(async () => {
  if (skip) return;
  own = await ownDatabase();
  pooler = await startPgbouncer({ target: own.server.url });
  const settings = { BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn' };
  server = await startServer({ environment: { DATABASE_URL: pooler.url, DIRECT_URL: own.server.url, ...settings } });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await pooler?.stop();
  await own?.[Symbol.asyncDispose]();
});

async function tellPooler(command: string): Promise<void> {
  const client = new pg.Client({ connectionString: pooler.adminUrl });
  await client.connect();
  await client.query(command);
  await client.end();
}

const faults: readonly { readonly name: string; readonly fault: string; readonly happen: () => Promise<void> }[] = [
  {
    name: 'pooler-paused',
    fault: `PAUSE, then RESUME after ${pauses.map((pause) => `${pause} ms`).join(' and ')}`,
    async happen() {
      for (const pause of pauses) {
        await tellPooler('PAUSE');
        await delay(pause);
        await tellPooler('RESUME');
      }
    },
  },
  { name: 'pooler-reconnects', fault: 'RECONNECT', happen: () => tellPooler('RECONNECT') },
  {
    name: 'pooler-killed',
    fault: 'kill -9, and started again on the same port after 300 ms',
    async happen() {
      const port = Number(new URL(pooler.adminUrl).port);
      await pooler.stop();
      await delay(300);
      pooler = await startPgbouncer({ target: own.server.url, port });
    },
  },
];

for (const { name, fault, happen } of faults) {
  test(`PgBouncer, ${fault}: served again at once, and nothing is lost`, { skip }, async (context) => {
    const client = signUpClient(server.url);
    const tally = tallyOutages(longestRecovery);
    const rounds = faultRounds(1, 10);
    for (let round = 1; round <= rounds; round += 1) {
      const attempts = await prepareAttempts(own.query, `${name}-${round}`);
      all.push(...attempts);
      await using load = startOutageLoad([client], attempts);
      await load.served(30);
      await happen();
      const ended = performance.now();
      await load.served(30);
      await load.stop();
      tally.add(load.answers, ended);
      await settleBegun([client], attempts);
      await assertTablesAgree(own.query, all);
    }
    const summary = `${tally.summary('it was back')}; nothing lost`;
    context.diagnostic(summary);
    recordFault({
      name,
      fault: `PgBouncer in transaction mode: ${fault}, ${rounds} times while 8 people sign up`,
      demand: 'every request is answered within 3 s; no 503 later than 3 s after the pooler is back; journal and tables agree',
      seen: summary,
    });
  });
}

test('a locked invitation leaves no statement behind in the database, and no session without an answer', {
  skip,
}, async () => {
  const invitation = await insertInvitation(own.query, 'HELD', 30);
  const sessions = await insertReadySessions(own.query, invitation, 10);
  const client = signUpClient(server.url);
  const other = new pg.Client({ connectionString: own.server.url });
  await other.connect();
  try {
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM "Invitation" WHERE id = $1 FOR UPDATE', [invitation]);
    const knocks = Array.from({ length: 10 }, () => client.verify('HELD'));
    const finishes = sessions.map((session) => client.phone(session, samplePhone()));
    const answers = await Promise.all([...knocks, ...finishes]);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
    await delay(1_000);
    const waiting = `SELECT count(*) AS waiting FROM pg_stat_activity WHERE application_name = 'chodae' AND wait_event_type = 'Lock'`;
    assert.deepEqual(await own.query(waiting), [{ waiting: 0 }]);
  } finally {
    await other.end();
  }
  const held = 'SELECT count(*) AS sessions FROM "RegisterSession" WHERE "invitationId" = $1';
  assert.deepEqual(await own.query(held, [invitation]), [{ sessions: sessions.length }]);
});
