import { test } from 'node:test';
import { openRacers } from '../support/racers.ts';
import { testRounds } from '../support/rounds.ts';
import { issuer, makeSeats, type RaceTally, raceToClaim, raceToHold } from '../support/seat-race.ts';
import { type ServerGroup, startServerGroup } from '../support/server-group.ts';

/**
 * The long form of four-servers.test.ts, for `npm run test:races:long`: about a quarter of an hour for both ways to the database on two idle
 * cores. It prints what docs/evidence/reliability.md has.
 */
const wanted = process.env.CHODAE_TEST_DATABASE;
const kinds = (['postgresql', 'pgbouncer'] as const).filter((kind) => !wanted || kind === wanted);

/** [racers, seats, rounds] */
const sizes = [
  [32, 5, 1_000],
  [1_000, 20, 20],
] as const;

for (const kind of kinds) {
  for (const [racerCount, seatCount, rounds] of sizes) {
    test(`over ${kind}: ${rounds} rounds of ${racerCount} people and ${seatCount} seats over four servers`, async () => {
      // 64 of the 100 connections that PostgreSQL takes by default.
      await using group = await startServerGroup({ count: 4, kind, connections: 64 });
      await race(group, { racerCount, seatCount, rounds: testRounds(rounds) });
    });
  }
}

async function race(
  group: ServerGroup,
  { racerCount, seatCount, rounds }: Readonly<Record<'racerCount' | 'seatCount' | 'rounds', number>>,
) {
  const tally: RaceTally = new Map();
  const key = await issuer(group);
  const urls = group.servers.map((server) => server.url);
  using racers = await openRacers(urls, racerCount);
  const [racer] = racers.all;
  if (!racer) throw new Error('no racers');
  const begun = performance.now();
  for (let round = 1; round <= rounds; round += 1) {
    const campaign = round % 4 < 2 ? 'races' : undefined;
    await raceToHold(group, racers, await makeSeats(racer, key, seatCount, campaign), round, tally);
    await raceToClaim(group, racers, await makeSeats(racer, key, seatCount, campaign), round, tally);
    if (round % Math.ceil(rounds / 10) === 0) console.log(`${group.database.kind}: ${round} of ${rounds} rounds, all as they should be`);
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  const lines = [...tally].map(([what, counts]) => `  ${what}: ${[...counts].map(([outcome, seen]) => `${outcome} × ${seen}`).join(', ')}`);
  console.log(
    `${group.database.kind}, ${rounds} rounds of ${racerCount} people on ${seatCount} seats, ${seconds} s\n${lines.sort().join('\n')}`,
  );
}
