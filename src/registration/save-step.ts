import { type Deadline, withAtLeast } from '../deadline.ts';
import { unusableInvitation } from '../invitations/problems.ts';
import { overloadProblems } from '../overload/problems.ts';
import { type FieldError, type Problem, validationFailed } from '../problems.ts';
import { leastAfterHash } from '../time-limits.ts';
import { birthdayRules } from './birthday.ts';
import type { RegistrationServices } from './dependencies.ts';
import { demandOpenSession, openSessionProblems } from './problems.ts';
import type { Step, StepBody } from './steps.ts';
import { deleteSession, readSession, type SessionProgress, saveStep } from './store.ts';

/** What the hash queue needs to know about the client. */
export interface StepClient {
  /** The queue serves client networks in turn. */
  readonly network: string;
  /** The wait for a hash ends when the client leaves. */
  readonly deadline: Deadline;
  /**
   * Counts a password against the limits, right before it is hashed, so that other errors cost no attempt. Undefined: no limits.
   * @returns a function that takes the count back.
   * @throws Problem `rate_limited`.
   */
  readonly countHash?: ((sessionId: string) => Promise<() => Promise<void>>) | undefined;
}

/** @returns what `saveRegistrationStep` throws for a step, besides `validation_failed` and `rate_limited`. */
export function saveStepProblems(step: Step) {
  return step.hashedColumn === undefined ? openSessionProblems : [...openSessionProblems, overloadProblems.overloaded];
}

/**
 * Stores one step, except the last, and renews the session. May be repeated; the last values win.
 * Cheap checks come first: the body, then the session, and only then the hash, outside any transaction.
 * @throws Problem `validation_failed`, `rate_limited`, or one of `saveStepProblems`.
 */
export async function saveRegistrationStep(
  services: RegistrationServices,
  step: Step,
  sessionId: string,
  body: StepBody,
  client: StepClient,
): Promise<SessionProgress> {
  const { database, rules } = services;
  const accepted = step.accept(body, rules);
  if (!accepted.ok) throw await refuseValues(services, sessionId, accepted.errors, client.deadline);
  let { columns } = accepted.value;
  let { deadline } = client;
  if (step.hashedColumn !== undefined) {
    const { completed_steps } = demandOpenSession(await readSession(database, sessionId, deadline));
    const isRepeat = completed_steps.includes(step.name);
    const hash = await hashPassword(services, columns[step.hashedColumn] ?? '', { sessionId, isRepeat }, client);
    columns = { ...columns, [step.hashedColumn]: hash };
    deadline = withAtLeast(leastAfterHash, deadline);
  }
  const saved = await saveStep(database, step, sessionId, rules.sessionSeconds, columns, deadline);
  if (saved) return saved;
  demandOpenSession(await readSession(database, sessionId, deadline));
  // The update was refused, yet the session is open now: the code was reset in between.
  throw unusableInvitation('used');
}

/** A sign-up has one hash at a time. Sign-ups without a password go before those that replace theirs. */
async function hashPassword(
  { passwords }: RegistrationServices,
  password: string,
  { sessionId, isRepeat }: { sessionId: string; isRepeat: boolean },
  { network, deadline, countHash }: StepClient,
): Promise<string> {
  // Before counting: a full queue costs neither an attempt nor a statement.
  using place = passwords.claim(sessionId, { owner: network, isRepeat });
  const giveBack = await countHash?.(sessionId);
  try {
    return await place.add(password, deadline.gone);
  } catch (error) {
    await giveBack?.();
    throw error;
  }
}

/** We may not keep the data of people below the minimum age: the sign-up is deleted before the refusal is sent. */
async function refuseValues(
  { database }: RegistrationServices,
  sessionId: string,
  errors: readonly FieldError[],
  deadline: Deadline,
): Promise<Problem> {
  if (errors.some((error) => error.rule === birthdayRules.birthday_below_minimum_age)) await deleteSession(database, sessionId, deadline);
  return validationFailed(errors);
}
