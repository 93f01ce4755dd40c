import assert from 'node:assert/strict';
import type { EmptyDatabase } from './empty-database.ts';
import type { Answer, Person, SignUpClient } from './sign-up-client.ts';
import { findDisagreements, readTables } from './sign-up-tables.ts';

/**
 * One person's sign-up as that person knows it: the requests and the answers. A request without an answer may have been carried out
 * or not; an answer must be true whatever dies afterwards.
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
  /** What an operator, or time, was about to do to it: it may be refused for that from now on. */
  readonly closing: Set<'revoked' | 'expired'>;
  /** That was committed: a last step that is sent for the first time from now on must not succeed. */
  isClosed?: boolean;
  /** The last step was sent for the first time when `isClosed` was known. */
  isLate?: boolean;
}

/** @param sessionId of a session prepared up to the last step; default: the person begins with the code. */
export function newAttempt(code: string, person: Person, sessionId?: string): Attempt {
  const acknowledged = new Set(sessionId === undefined ? [] : ['name', 'birthday']);
  return { code, person, sessionId, asked: new Set(), acknowledged, userId: undefined, refusal: undefined, closing: new Set() };
}

/** A response that promises nothing: retry. */
class Unanswered extends Error {}

/** @returns whether an error leaves the outcome of a request unknown. */
export function isUnanswered(error: unknown): boolean {
  // fetch throws a TypeError if the connection is refused or dropped.
  return error instanceof Unanswered || error instanceof TypeError;
}

/**
 * Takes the steps that were not acknowledged yet, up to the user or a refusal.
 * @throws what `isUnanswered` knows; AssertionError for an answer that must not be.
 */
export async function advance(client: SignUpClient, attempt: Attempt): Promise<void> {
  const { person, acknowledged, asked } = attempt;
  attempt.sessionId ??= (await ask(attempt, 'verify', () => client.verify(attempt.code))).body.sessionId;
  const sessionId = attempt.sessionId;
  if (sessionId === undefined) return;
  if (!acknowledged.has('name')) await ask(attempt, 'name', () => client.name(sessionId, person.name, person.password));
  if (!acknowledged.has('birthday')) await ask(attempt, 'birthday', () => client.birthday(sessionId, person.birthday));
  if (!asked.has('phone')) attempt.isLate = attempt.isClosed ?? false;
  const completed = await ask(attempt, 'phone', () => client.phone(sessionId, person.phone));
  attempt.userId = completed.body.userId;
}

async function ask(attempt: Attempt, step: string, request: () => Promise<Answer>): Promise<Answer> {
  const nothing = { status: 0, headers: new Headers(), body: {} };
  if (attempt.refusal !== undefined) return nothing;
  attempt.asked.add(step);
  const answer = await judged(step, request);
  if (answer.status === 503) throw new Unanswered();
  if (answer.status === 200) attempt.acknowledged.add(step);
  else attempt.refusal = `${step}: ${answer.status} ${answer.body.code}`;
  return answer;
}

/** Seconds. Whatever has died, a request is answered or cut off by then. */
const answerSeconds = 10;

/**
 * Sends a request.
 * @throws AssertionError if it hangs, gets a 500, or a 503 without Retry-After.
 */
async function judged(what: string, request: () => Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = () => reject(new assert.AssertionError({ message: `${what}: no answer within ${answerSeconds} s` }));
    timer = setTimeout(refuse, answerSeconds * 1000);
  });
  const answer = await Promise.race([request(), late]).finally(() => clearTimeout(timer));
  if (answer.status !== 503) {
    assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.body.code}`);
    return answer;
  }
  const wait = answer.headers.get('retry-after');
  assert.ok(/^\d+$/.test(wait ?? '') && Number(wait) >= 1, `${what}: 503 ${answer.body.code} with Retry-After ${wait}`);
  return answer;
}

/**
 * Continues after a dropped connection, as a person would, and checks the service's promises.
 * @throws AssertionError where something acknowledged is gone or is something else now.
 */
export async function settle(client: SignUpClient, attempt: Attempt): Promise<void> {
  const { sessionId } = attempt;
  if (attempt.refusal !== undefined) return;
  if (attempt.userId === undefined && sessionId !== undefined) await assertStepsKept(client, attempt, sessionId);
  if (attempt.userId === undefined) await advance(client, attempt);
  if (attempt.userId === undefined || attempt.sessionId === undefined) return;
  const finished = attempt.sessionId;
  const again = await judged('phone', () => client.phone(finished, attempt.person.phone));
  assert.deepEqual([again.status, again.body.userId], [200, attempt.userId], 'the last request repeated has another answer');
}

async function assertStepsKept(client: SignUpClient, attempt: Attempt, sessionId: string): Promise<void> {
  const { asked, acknowledged, closing } = attempt;
  const header = { authorization: `Bearer ${sessionId}` };
  const shown = await judged('session', () => client.send('GET', '/auth/register/session', undefined, header));
  // Another request finished first: the session is still there, and the last step says the same.
  if (shown.body.code === 'invitation_used') return;
  // Completed before the answer was cut off: then the repeated request has to give the user.
  if (shown.body.code === 'already_signed_up' && asked.has('phone')) return;
  if (shown.body.code === 'session_not_found' && closing.has('expired')) return;
  if (shown.body.code === 'invitation_revoked' && closing.has('revoked')) return;
  assert.equal(shown.status, 200, `an acknowledged session is gone: ${shown.body.code}`);
  const stored = new Set(shown.body.completedSteps as string[]);
  const lost = [...acknowledged].filter((step) => step !== 'verify' && !stored.has(step));
  assert.deepEqual(lost, [], 'acknowledged steps are gone');
}

/** Compares the settled journal with the tables, both ways: every promise is kept, and there is nothing unexpected. */
export async function assertTablesAgree(query: EmptyDatabase['query'], attempts: readonly Attempt[]): Promise<void> {
  assert.deepEqual(findDisagreements(await readTables(query), attempts), []);
}
