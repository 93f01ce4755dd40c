import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { countOutcomes, openRacers } from '../support/racers.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { testRounds } from '../support/rounds.ts';
import { startServer } from '../support/server-process.ts';

const guessers = 200;
const limit = 5;

/** Four servers on one database, and 200 guesses at once from one address, shared out over them. */
async function guessAtFourServers(settings: Readonly<Record<string, string>>): Promise<void> {
  // The embedded database has one process only; a file that is run by itself gets PostgreSQL.
  const kind = testDatabaseKind();
  await using database = await asDisposable(await emptyDatabase(kind === 'embedded' ? 'postgresql' : kind));
  const limits = { RATE_LIMIT: 'on', RATE_LIMIT_VERIFY: `${limit}/10m`, TRUST_PROXY: 'loopback' };
  const environment = { ...database.environment, DATABASE_POOL_SIZE: '8', LOG_LEVEL: 'warn', ...limits, ...settings };
  const servers = await Promise.all(Array.from({ length: 4 }, () => startServer({ environment })));
  try {
    using racers = await openRacers(
      servers.map(({ url }) => url),
      guessers,
    );
    for (let round = 1; round <= testRounds(3); round += 1) {
      const answers = await racers.race((racer, index) =>
        racer.send('POST', '/auth/invitation/verify', { invitation_code: `guess-${index}` }, { 'x-forwarded-for': `203.0.113.${round}` }),
      );
      assert.deepEqual(
        countOutcomes(answers),
        { '404 invitation_not_found': limit, '429 rate_limited': guessers - limit },
        `round ${round}\n${servers.map((server) => server.output()).join('\n')}`,
      );
    }
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

async function asDisposable<T extends { drop(): Promise<void> }>(database: T): Promise<T & AsyncDisposable> {
  return Object.assign(database, { [Symbol.asyncDispose]: () => database.drop() });
}

test('of 200 guesses at once over four servers exactly as many are evaluated as the limit allows, counted in PostgreSQL', () =>
  guessAtFourServers({}));

test('the same, counted in Redis', { skip: skipWithoutRedis }, async () => {
  await using redis = await startRedis();
  await guessAtFourServers({ REDIS_URL: redis.url });
});
