import { after, test } from 'node:test';
import { openRacers } from '../support/racers.ts';
import { testRounds } from '../support/rounds.ts';
import { issuer, makeSeats, raceToClaim, raceToHold } from '../support/seat-race.ts';
import { startServerGroup } from '../support/server-group.ts';

// The long form is four-servers.long.ts: `npm run test:races:long`.
const group = await startServerGroup({ count: 4 });
after(() => group[Symbol.asyncDispose]());
const key = await issuer(group);

/** [racers, seats, rounds in every run] */
const sizes = [
  [32, 5, 6],
  [200, 20, 1],
] as const;

for (const [racerCount, seatCount, rounds] of sizes) {
  test(`of ${racerCount} people over four servers ${seatCount} get the ${seatCount} seats, and no holder of a seat is refused`, async () => {
    using racers = await openRacers(
      group.servers.map((server) => server.url),
      racerCount,
    );
    const [racer] = racers.all;
    if (!racer) throw new Error('no racers');
    for (let round = 1; round <= testRounds(rounds); round += 1) {
      const campaign = round % 4 < 2 ? 'races' : undefined;
      await raceToHold(group, racers, await makeSeats(racer, key, seatCount, campaign), round, new Map());
      await raceToClaim(group, racers, await makeSeats(racer, key, seatCount, campaign), round, new Map());
    }
  });
}
