import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { emptyDatabase } from '../support/empty-database.ts';
import { isLongForm, recordFault } from '../support/fault-record.ts';
import { type Cut, type MessageCutter, startMessageCutter } from '../support/message-cutter.ts';
import { insertInvitation, insertReadySessions, prepared } from '../support/ready-sessions.ts';
import { startServer } from '../support/server-process.ts';
import { type SignUpClient, samplePerson, signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, advance, assertTablesAgree, isUnanswered, newAttempt, settle } from '../support/sign-up-journal.ts';

/** More than a sign-up has in one direction; each is cut until it passes without. */
const messagesAtMost = 300;

/** Seats, of which a lost answer of `verify` holds one for the life of its session. */
const seatCounts = [1, 3];

const directions = ['to the server', 'to the client'] as const;
/** Cut before a message is cut after the one before it, but for the moment: in every run only the one, in the long form both. */
const moments = isLongForm ? (['before', 'after'] as const) : (['after'] as const);
/** In every run each message of the last step, but only some of the whole sign-up: a password takes its time. */
const stride = isLongForm ? 1 : 9;

test('wherever the connection to PostgreSQL is cut, the repeated request makes one user, who is there', async (context) => {
  await using database = await emptyDatabase('postgresql');
  const direct = new URL(database.url ?? '');
  const cutter = await startMessageCutter({ host: direct.hostname, port: Number(direct.port) });
  const address = new URL(direct);
  Object.assign(address, { hostname: '127.0.0.1', port: String(cutter.port) });
  const settings = { DATABASE_POOL_SIZE: '1', BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn' };
  await using server = await startServer({ environment: { DATABASE_URL: address.href, DIRECT_URL: direct.href, ...settings } });
  const client = signUpClient(server.url);
  const all: Attempt[] = [];
  let codes = 0;

  async function lastStep(seats: number): Promise<Attempt> {
    const code = `LAST-${++codes}`;
    const [session] = await insertReadySessions(database.query, await insertInvitation(database.query, code, seats), 1);
    return newAttempt(code, samplePerson({ name: prepared.name, birthday: prepared.birthday }), session);
  }
  async function wholeSignUp(seats: number): Promise<Attempt> {
    const code = `WHOLE-${++codes}`;
    await insertInvitation(database.query, code, seats);
    return newAttempt(code, samplePerson());
  }

  /** @returns how many cuts there were until a sign-up passed without one. */
  async function cutEverywhere(begin: (seats: number) => Promise<Attempt>, seats: number, by: number): Promise<number> {
    let cuts = 0;
    for (const direction of directions) {
      for (const when of moments) {
        const passed = await cutAtEach({ direction, when }, by, async (cut) => {
          const attempt = await begin(seats);
          all.push(attempt);
          return signUpAcross(client, cutter, cut, attempt);
        });
        cuts += passed;
        await assertTablesAgree(database.query, all);
      }
    }
    return cuts;
  }

  try {
    const counts: string[] = [];
    for (const seats of seatCounts) {
      const last = await cutEverywhere(lastStep, seats, 1);
      const whole = await cutEverywhere(wholeSignUp, seats, stride);
      // A statement alone is five messages of the client's.
      assert.ok(last >= 10 && whole >= 4, `${last} and ${whole} cuts are too few to be all`);
      counts.push(`${seats === 1 ? 'one seat' : `${seats} seats`}: ${whole} cuts in a whole sign-up, ${last} in its last step`);
    }
    const seen = `${counts.join('; ')}; ${all.length} sign-ups, ${all.filter(({ userId }) => userId).length} users, 0 wrong`;
    context.diagnostic(seen);
    recordFault({
      name: 'cut-messages',
      fault:
        'the connection to PostgreSQL cut before and after every message of the protocol in turn, in both directions, then the request repeated',
      demand: 'one user with the same id; no success that is not stored, none lost',
      seen,
    });
  } finally {
    cutter.stop();
  }
});

/** Moves the cut from the first message on, until it is behind the last. @returns how many there were. */
async function cutAtEach(place: Omit<Cut, 'message'>, by: number, isCutAt: (cut: Cut) => Promise<boolean>): Promise<number> {
  // Where only some are cut, others each time.
  let message = 1 + Math.floor(Math.random() * by);
  for (let cuts = 0; message < messagesAtMost; message += by, cuts += 1) {
    if (!(await isCutAt({ ...place, message }))) return cuts;
  }
  return assert.fail(`a sign-up has more than ${messagesAtMost} messages`);
}

/** @returns whether the connection was cut on the way. */
async function signUpAcross(client: SignUpClient, cutter: MessageCutter, cut: Cut, attempt: Attempt): Promise<boolean> {
  cutter.arm(cut);
  // Of the connections that `arm` closed, the program hears a moment later.
  await delay(5);
  const where = `cut ${cut.when} message ${cut.message} ${cut.direction}`;
  for (let tries = 1; attempt.userId === undefined; tries += 1) {
    assert.ok(tries <= 5, `${where}: no answer five times`);
    await advance(client, attempt).catch((error: unknown) => {
      if (!isUnanswered(error)) throw error;
    });
    assert.equal(attempt.refusal, undefined, where);
  }
  const { hasCut } = cutter;
  // A cut that is still to come would hit the look at the end.
  if (!hasCut) cutter.arm({ ...cut, message: Number.MAX_SAFE_INTEGER });
  await delay(5);
  await settleTwice(client, attempt);
  return hasCut;
}

/** The connection may have been closed a moment ago: then once more. */
async function settleTwice(client: SignUpClient, attempt: Attempt): Promise<void> {
  await client.phone(attempt.sessionId ?? '', attempt.person.phone);
  await settle(client, attempt);
}
