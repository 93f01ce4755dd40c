import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EmptyDatabase, emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { countOutcomes, openRacers, type RaceAnswer, type Racer, type Racers } from '../support/racers.ts';
import { insertInvitation } from '../support/ready-sessions.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { testRounds } from '../support/rounds.ts';
import { startServer } from '../support/server-process.ts';

const guessers = 200;
const limit = 5;

/** Four servers on one database, and 200 concurrent guesses from one address, spread over them. */
function guessAtFourServers(settings: Readonly<Record<string, string>>): Promise<void> {
  return atFourServers({ RATE_LIMIT_VERIFY: `${limit}/10m`, ...settings }, async ({ racers, output }) => {
    for (let round = 1; round <= testRounds(3); round += 1) {
      const answers = await racers.race((racer, index) => guessFrom(racer, `203.0.113.${round}`, `guess-${index}`));
      assert.deepEqual(
        countOutcomes(answers),
        { '404 invitation_not_found': limit, '429 rate_limited': guessers - limit },
        `round ${round}\n${output()}`,
      );
    }
  });
}

function guessFrom(racer: Racer, address: string, invitation_code: string): Promise<RaceAnswer> {
  return racer.send('POST', '/auth/invitation/verify', { invitation_code }, { 'x-forwarded-for': address });
}

interface FourServers {
  /** Spread over the servers. */
  readonly racers: Racers;
  readonly query: EmptyDatabase['query'];
  output(): string;
}

async function atFourServers(settings: Readonly<Record<string, string>>, work: (scene: FourServers) => Promise<void>): Promise<void> {
  // The embedded database has one process only; a file run by itself uses PostgreSQL.
  const kind = testDatabaseKind();
  await using database = await asDisposable(await emptyDatabase(kind === 'embedded' ? 'postgresql' : kind));
  const limits = { RATE_LIMIT: 'on', TRUST_PROXY: 'loopback' };
  const environment = { ...database.environment, DATABASE_POOL_SIZE: '8', LOG_LEVEL: 'warn', ...limits, ...settings };
  const servers = await Promise.all(Array.from({ length: 4 }, () => startServer({ environment })));
  try {
    using racers = await openRacers(
      servers.map(({ url }) => url),
      guessers,
    );
    await work({ racers, query: database.query, output: () => servers.map((server) => server.output()).join('\n') });
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

/** While the budget of wrong codes is spent, as seen by only one process. */
async function guardAtFourServers(settings: Readonly<Record<string, string>>): Promise<void> {
  const budget = 10;
  await atFourServers({ RATE_LIMIT_GUESSES: `${budget}/10m`, ...settings }, async ({ racers, query, output }) => {
    await insertInvitation(query, 'WELCOME', 100);
    const [first] = racers.all;
    assert.ok(first);
    for (let index = 0; index < budget; index += 1) await guessFrom(first, `198.51.100.${index}`, `guess-${index}`);
    const wrong = '404 invitation_not_found';
    const tries = 30;

    const guesses = racers.all.slice(0, 100).map((racer, index) => guessFrom(racer, '203.0.113.1', `guess-${index}`));
    assert.deepEqual(countOutcomes(await Promise.all(guesses)), { [wrong]: tries, '429 rate_limited': 100 - tries }, output());

    // One right code among them, at one server, earns three more and no allowance for each server.
    const mixed = racers.all
      .slice(0, 100)
      .map((racer, index) => guessFrom(racer, '203.0.113.2', index === 50 ? 'WELCOME' : `guess-${index}`));
    const outcomes = countOutcomes(await Promise.all(mixed));
    assert.ok((outcomes[wrong] ?? 0) <= tries + 3, JSON.stringify(outcomes));

    // An office with ten typos is charged once for each, whichever server gets it.
    const office = racers.all
      .slice(0, 40)
      .map((racer, index) => guessFrom(racer, '203.0.113.3', index % 4 === 0 ? `welcme-${index}` : 'WELCOME'));
    assert.deepEqual(countOutcomes(await Promise.all(office)), { [wrong]: 10, 200: 30 });
    const later = racers.all.slice(0, 4).map((racer) => guessFrom(racer, '203.0.113.3', 'WELCOME'));
    assert.deepEqual(countOutcomes(await Promise.all(later)), { 200: 4 });
  });
}

test('while the budget of wrong codes is spent four servers agree on what an address may still try, counted in PostgreSQL', () =>
  guardAtFourServers({}));

test('and counted in Redis', { skip: skipWithoutRedis }, async () => {
  await using redis = await startRedis();
  await guardAtFourServers({ REDIS_URL: redis.url });
});
