import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { acknowledgedUsers, countOutcomes, type RaceAnswer, type Racer, type Racers } from './racers.ts';
import { fillIn, insertReadySessions, readInvitation, usersOf } from './ready-sessions.ts';
import { runChodae } from './run-chodae.ts';
import type { ServerGroup } from './server-group.ts';
import { samplePhone } from './sign-up-client.ts';
import { invitationLine, raceRound } from './starting-line.ts';

/** An invitation with several seats, created as operators create one. */
interface Seats {
  readonly id: number;
  readonly code: string;
  readonly count: number;
}

/** How often each outcome occurred in the rounds of a race, by request. */
export type RaceTally = Map<string, Map<string, number>>;

function count(tally: RaceTally, what: string, answers: readonly RaceAnswer[]): void {
  const counts = tally.get(what) ?? new Map<string, number>();
  for (const [outcome, seen] of Object.entries(countOutcomes(answers))) counts.set(outcome, (counts.get(outcome) ?? 0) + seen);
  tally.set(what, counts);
}

/** Asks again for as long as the service says that it is too busy right now, as a client does. */
async function insist(tally: RaceTally, ask: () => Promise<RaceAnswer>): Promise<RaceAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    count(tally, 'told to come again', [answer]);
    assert.ok(attempt < 100, 'the service is too busy for good');
    await delay(randomInt(20, 200));
  }
}

/** @returns the header that allows creating invitations: `chodae key create` on the servers' machine. */
export async function issuer({ environment }: ServerGroup): Promise<{ authorization: string }> {
  const words = ['key', 'create', '--label', 'races', '--role', 'issuer', '--json'];
  const { code, stdout, stderr } = await runChodae(words, { environment });
  assert.equal(code, 0, stderr);
  return { authorization: `Bearer ${(JSON.parse(stdout) as { key: string }).key}` };
}

export async function makeSeats(racer: Racer, key: { authorization: string }, seats: number, campaign?: string): Promise<Seats> {
  const { status, body } = await racer.send('POST', '/admin/invitations', { max_uses: seats, ...(campaign && { campaign }) }, key);
  assert.equal(status, 201, JSON.stringify(body));
  const [made] = body.invitations as { id: number; code: string }[];
  return { id: made?.id ?? 0, code: made?.code ?? '', count: seats };
}

/**
 * All racers want a seat at once; holders finish while the others try again. Exactly as many sign up as there are seats, and no holder is
 * refused.
 */
export async function raceToHold(group: ServerGroup, racers: Racers, seats: Seats, round: number, tally: RaceTally): Promise<void> {
  const holders = new Map<Racer, string>();
  const knock = async (racer: Racer) => {
    const answer = await insist(tally, () => racer.verify(seats.code));
    if (answer.body.sessionId !== undefined) holders.set(racer, answer.body.sessionId);
    return answer;
  };
  const race = { round, line: invitationLine(seats.id) };
  const answers = await raceRound(group, racers, race, knock);
  count(tally, 'verify', answers);
  await expireUnacknowledged(group, seats, [...holders.values()]);
  // A client told to retry may have held a seat without knowing.
  for (let more = 1; more <= 5 && holders.size < seats.count; more += 1) {
    await racers.race(async (racer) => (holders.has(racer) ? undefined : knock(racer)));
  }
  assert.equal(holders.size, seats.count, `round ${round}: ${holders.size} people hold one of ${seats.count} seats`);
  await fillIn(group.query, [...holders.values()]);

  const phones = new Map([...holders.keys()].map((racer) => [racer, samplePhone()]));
  const finishOrKnock = (racer: Racer) => {
    const session = holders.get(racer);
    return insist(tally, () => (session === undefined ? racer.verify(seats.code) : racer.phone(session, phones.get(racer) ?? '')));
  };
  const second = await raceRound(group, racers, race, finishOrKnock);
  const ofHolders = second.filter((_, index) => holders.has(racers.all[index] as Racer));
  const ofOthers = second.filter((_, index) => !holders.has(racers.all[index] as Racer));
  count(tally, 'last step of a holder', ofHolders);
  count(tally, 'verify while holders finish', ofOthers);
  assert.deepEqual(countOutcomes(ofHolders), { '200': seats.count }, `round ${round}: the holder of a seat was refused`);
  assert.equal(countOutcomes(ofOthers)['200'], undefined, `round ${round}: one seat too many`);
  await assertFull(group, seats, acknowledgedUsers(ofHolders), round);
  const [racer = assert.fail()] = racers.all;
  assert.equal((await insist(tally, () => racer.verify(seats.code))).body.code, 'invitation_used');
}

/** All are at the last step at once, which no hold allows: only the claim decides. */
export async function raceToClaim(group: ServerGroup, racers: Racers, seats: Seats, round: number, tally: RaceTally): Promise<void> {
  const sessions = await insertReadySessions(group.query, seats.id, racers.all.length);
  const phones = sessions.map(() => samplePhone());
  const finish = (racer: Racer, index: number) => insist(tally, () => racer.phone(sessions[index] ?? '', phones[index] ?? ''));
  const answers = await raceRound(group, racers, { round, line: invitationLine(seats.id) }, finish);
  count(tally, 'last step of all', answers);
  const expected = { '200': seats.count, '410 invitation_used': sessions.length - seats.count };
  assert.deepEqual(countOutcomes(answers), expected, `round ${round}: ${seats.count} seats`);
  await assertFull(group, seats, acknowledgedUsers(answers), round);
}

async function assertFull({ query }: ServerGroup, seats: Seats, users: readonly number[], round: number): Promise<void> {
  assert.equal(users.length, seats.count, `round ${round}: two people have one user`);
  assert.deepEqual(await usersOf(query, seats.id), users, `round ${round}`);
  const { is_used, use_count, used_by } = await readInvitation(query, seats.id);
  assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: seats.count }, `round ${round}`);
  assert.ok(used_by !== null && users.includes(used_by));
}

async function expireUnacknowledged({ query }: ServerGroup, seats: Seats, known: readonly string[]): Promise<void> {
  const sql = `UPDATE "RegisterSession" SET expires_at = now() - interval '11 seconds' WHERE "invitationId" = $1 AND "sessionId" <> ALL ($2)`;
  await query(sql, [seats.id, known]);
}
