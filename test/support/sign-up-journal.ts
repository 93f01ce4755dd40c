import assert from 'node:assert/strict';
import type { EmptyDatabase } from './empty-database.ts';
import type { Answer, Person, SignUpClient } from './sign-up-client.ts';

/**
 * One person's sign-up as that person knows it: what was asked for, and what was answered. What was asked for and not answered may have happened
 * or not; what was answered must be true whatever dies afterwards.
 */
export interface Attempt {
  readonly code: string;
  readonly person: Person;
  sessionId: string | undefined;
  /** Steps whose request has left. */
  readonly asked: Set<string>;
  /** Steps that were answered with 200. */
  readonly acknowledged: Set<string>;
  userId: number | undefined;
  /** The refusal that ended it. */
  refusal: string | undefined;
}

/** @param sessionId of a session that was prepared up to the last step; left out: the person begins with the code. */
export function newAttempt(code: string, person: Person, sessionId?: string): Attempt {
  const acknowledged = new Set(sessionId === undefined ? [] : ['name', 'birthday']);
  return { code, person, sessionId, asked: new Set(), acknowledged, userId: undefined, refusal: undefined };
}

/** An answer that promises nothing: ask again. */
class Unanswered extends Error {}

/** @returns whether an error means that nobody knows what became of a request. */
export function isUnanswered(error: unknown): boolean {
  // fetch throws a TypeError where the connection is refused or cut.
  return error instanceof Unanswered || error instanceof TypeError;
}

/** Takes the steps that were not acknowledged yet, up to the user or a refusal. @throws what `isUnanswered` knows. */
export async function advance(client: SignUpClient, attempt: Attempt): Promise<void> {
  const { person, acknowledged } = attempt;
  attempt.sessionId ??= (await ask(attempt, 'verify', () => client.verify(attempt.code))).body.sessionId;
  const sessionId = attempt.sessionId;
  if (sessionId === undefined) return;
  if (!acknowledged.has('name')) await ask(attempt, 'name', () => client.name(sessionId, person.name, person.password));
  if (!acknowledged.has('birthday')) await ask(attempt, 'birthday', () => client.birthday(sessionId, person.birthday));
  const completed = await ask(attempt, 'phone', () => client.phone(sessionId, person.phone));
  attempt.userId = completed.body.userId;
}

async function ask(attempt: Attempt, step: string, request: () => Promise<Answer>): Promise<Answer> {
  const nothing = { status: 0, headers: new Headers(), body: {} };
  if (attempt.refusal !== undefined) return nothing;
  attempt.asked.add(step);
  const answer = await request();
  if (answer.status === 503) throw new Unanswered();
  if (answer.status === 200) attempt.acknowledged.add(step);
  else attempt.refusal = `${step}: ${answer.status} ${answer.body.code}`;
  return answer;
}

/**
 * Goes on where a cut left off, as a person would, and holds the service to its word.
 * @throws AssertionError where something acknowledged is gone or is something else now.
 */
export async function settle(client: SignUpClient, attempt: Attempt): Promise<void> {
  const { sessionId } = attempt;
  if (attempt.refusal !== undefined) return;
  if (attempt.userId === undefined && sessionId !== undefined) await assertStepsKept(client, attempt, sessionId);
  if (attempt.userId === undefined) await advance(client, attempt);
  if (attempt.userId === undefined || attempt.sessionId === undefined) return;
  const again = await client.phone(attempt.sessionId, attempt.person.phone);
  assert.deepEqual([again.status, again.body.userId], [200, attempt.userId], 'the last request repeated has another answer');
}

async function assertStepsKept(client: SignUpClient, { asked, acknowledged }: Attempt, sessionId: string): Promise<void> {
  const shown = await client.send('GET', '/auth/register/session', undefined, { authorization: `Bearer ${sessionId}` });
  // Somebody else finished first: the session is still there, and the last step says the same.
  if (shown.body.code === 'invitation_used') return;
  // Completed before the answer was cut off: then the repeated request has to give the user.
  if (shown.body.code === 'session_not_found' && asked.has('phone')) return;
  assert.equal(shown.status, 200, `an acknowledged session is gone: ${shown.body.code}`);
  const stored = new Set(shown.body.completedSteps as string[]);
  const lost = [...acknowledged].filter((step) => step !== 'verify' && !stored.has(step));
  assert.deepEqual(lost, [], 'acknowledged steps are gone');
}

interface StoredUser {
  readonly id: number;
  readonly name: string;
  readonly birthday: string;
  readonly phone: string;
  readonly code: string;
}

/** Compares the settled journal with the tables, both ways: every promise is kept, and nothing is there that nobody asked for. */
export async function assertTablesAgree(query: EmptyDatabase['query'], attempts: readonly Attempt[]): Promise<void> {
  const completed = attempts.filter((attempt) => attempt.userId !== undefined);
  const users = await query<StoredUser>(
    'SELECT u.id, u.name, u.birthday, u.phone, i.code FROM "User" u JOIN "Invitation" i ON i.id = u."invitationId" ORDER BY u.id',
  );
  const expected = completed.map(({ userId, person, code }) => ({
    id: userId,
    name: person.name,
    birthday: person.birthday,
    phone: person.phone,
    code,
  }));
  assert.deepEqual(
    users,
    expected.sort((left, right) => (left.id ?? 0) - (right.id ?? 0)),
    'the users are not those that were acknowledged',
  );
  const wrong = await query(
    `SELECT i.code, i.max_uses, i.use_count, i.is_used, count(u.id) AS users FROM "Invitation" i LEFT JOIN "User" u ON u."invitationId" = i.id
     GROUP BY i.id HAVING i.use_count <> count(u.id) OR i.is_used <> (count(u.id) >= i.max_uses) OR count(u.id) > i.max_uses`,
  );
  assert.deepEqual(wrong, [], 'invitations whose seats and users do not agree');
  const receipts = await query<{ id: string }>('SELECT session_id AS id FROM registration_receipts ORDER BY 1');
  const finished = completed.map((attempt) => attempt.sessionId ?? '').sort();
  assert.deepEqual(
    receipts.map((row) => row.id),
    finished,
    'the receipts are not those of the completed sessions',
  );
  const alive = new Set((await query<{ id: string }>('SELECT "sessionId" AS id FROM "RegisterSession"')).map((row) => row.id));
  const ended = finished.filter((id) => alive.has(id));
  assert.deepEqual(ended, [], 'sessions that outlived their completion');
  const refused = attempts.filter((attempt) => attempt.refusal !== undefined);
  const robbed = refused.filter(({ sessionId }) => sessionId !== undefined && !alive.has(sessionId));
  assert.deepEqual(robbed, [], 'refused people whose session is gone');
  const usedUp = new Set((await query<{ code: string }>('SELECT code FROM "Invitation" WHERE is_used')).map((row) => row.code));
  const unjust = refused.filter(({ refusal, code }) => !refusal?.endsWith('410 invitation_used') || !usedUp.has(code));
  assert.deepEqual(unjust, [], 'refused people for whom a seat is free');
}
