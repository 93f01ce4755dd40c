import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { startFragileProxy } from '../support/fragile-proxy.ts';
import { startOutageLoad, tallyOutages } from '../support/outage-load.ts';
import { type OwnDatabase, ownDatabase } from '../support/own-database.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun } from '../support/sign-up-load.ts';
import { silencePort, whyNoSilence } from '../support/silent-port.ts';
import { stopProcesses } from '../support/stopped-processes.ts';

/** Seconds of each outage, one after the other; all are longer than the program waits for an answer. */
const outages = isLongForm ? [5, 30] : [3.5];
/** Milliseconds; in a short run the machine may be busy with other tests. */
const longestRecovery = isLongForm ? 10_000 : 30_000;

/** Each request asks the database once more, for its limits, which are not reached here. */
const countedInDatabase = {
  RATE_LIMIT: 'on',
  RATE_LIMIT_VERIFY: '1000000/10m',
  RATE_LIMIT_SIGN_UP: '1000000/10m',
  RATE_LIMIT_SESSION: '1000000/10m',
  RATE_LIMIT_GUESSES: '1000000/10m',
};

let own: OwnDatabase;
const all: Attempt[] = [];
before(async () => {
  own = await ownDatabase();
});
after(() => own[Symbol.asyncDispose]());

/** A way to the database that can fall silent. */
interface Way {
  readonly url: string;
  /** @returns what ends the silence. */
  fallSilent(): () => void;
  stop?(): void;
}

interface Form {
  readonly name: string;
  readonly fault: string;
  readonly open: () => Promise<Way>;
  readonly skip?: string | undefined;
}

const forms: readonly Form[] = [
  {
    name: 'stopped-postgresql',
    fault: 'all processes of PostgreSQL stopped (SIGSTOP)',
    open: async () => ({ url: own.server.url, fallSilent: () => stopProcesses(own.server.process.pid ?? 0) }),
    skip: process.platform === 'linux' ? undefined : 'processes are found in /proc',
  },
  {
    name: 'frozen-connections',
    fault: 'a proxy before PostgreSQL that passes nothing on and accepts connections all the same',
    async open() {
      const proxy = await startFragileProxy({ host: '127.0.0.1', port: own.server.port });
      const url = new URL(own.server.url);
      url.port = String(proxy.port);
      const fallSilent = () => {
        proxy.freeze(true);
        return () => proxy.freeze(false);
      };
      return { url: url.href, fallSilent, stop: () => proxy.stop() };
    },
  },
  {
    name: 'dropped-packets',
    fault: 'every packet to and from PostgreSQL dropped',
    async open() {
      const fallSilent = () => {
        const silence = silencePort(own.server.port);
        return () => silence.end();
      };
      return { url: own.server.url, fallSilent };
    },
    skip: whyNoSilence(),
  },
];

for (const { name, fault, open, skip } of forms) {
  test(`${fault}: everybody is told to come back in time, and nothing is lost`, { skip: skip ?? false }, async (context) => {
    const way = await open();
    await using server = await startServer({
      environment: { DATABASE_URL: way.url, BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn', ...countedInDatabase },
    });
    const client = signUpClient(server.url);
    const tally = tallyOutages(longestRecovery);
    const rounds = faultRounds(1, 2);
    for (let round = 1; round <= rounds; round += 1) {
      for (const seconds of outages) {
        const attempts = await prepareAttempts(own.query, `${name}-${round}-${seconds}`);
        all.push(...attempts);
        await using load = startOutageLoad([client], attempts);
        await load.served(30);
        const begun = performance.now();
        const end = way.fallSilent();
        try {
          await delay(seconds * 1000);
          const answeredMeanwhile = load.answers.filter(({ answeredAt }) => answeredAt > begun + 500);
          assert.ok(answeredMeanwhile.length > 0, 'no request was answered');
          assert.deepEqual([...new Set(answeredMeanwhile.map(({ status }) => status))], [503]);
          assert.equal((await client.send('GET', '/healthz')).status, 200);
        } finally {
          end();
        }
        const ended = performance.now();
        await load.served(30);
        await load.stop();
        tally.add(load.answers, ended);
        await settleBegun([client], attempts);
        await assertTablesAgree(own.query, all);
        await assertNoConnectionLeft(seconds);
      }
    }
    way.stop?.();
    const summary = `${tally.summary('the end')}; nothing lost`;
    context.diagnostic(summary);
    recordFault({
      name,
      fault: `${fault}, for ${outages.join(' s and ')} s, ${rounds} times each, while 8 people sign up`,
      demand: 'every request is answered within 3 s, with 503 and Retry-After; served again within 10 s; journal and tables agree',
      seen: summary,
    });
  });
}

/** A statement that was given up is ended in the database as well, within its own limit of 2 s. */
async function assertNoConnectionLeft(seconds: number): Promise<void> {
  const busy = `SELECT pid FROM pg_stat_activity WHERE application_name = 'chodae' AND state <> 'idle' AND query_start < now() - interval '10 seconds'`;
  assert.deepEqual(await own.query(busy), [], `statements from before the outage of ${seconds} s are still running`);
}
