import { setTimeout as delay } from 'node:timers/promises';
import type { EmptyDatabase } from './empty-database.ts';
import type { Attempt } from './sign-up-journal.ts';

/**
 * What an operator and time do to sign-ups in progress: revokes codes and lets sessions expire, one every few milliseconds, and records
 * in the journal what was about to happen and what is committed. If the database dies meanwhile, the outcome is one of the two.
 * @param count how many of the codes or sessions, chosen by chance.
 */
export async function closeSome(query: EmptyDatabase['query'], attempts: readonly Attempt[], count: number): Promise<void> {
  const victims = Array.from({ length: count }, () => attempts[Math.floor(Math.random() * attempts.length)]);
  for (const victim of victims) {
    if (victim) await (Math.random() < 0.5 ? revoke(query, victim, attempts) : expire(query, victim));
    await delay(Math.random() * 10);
  }
}

async function revoke(query: EmptyDatabase['query'], { code }: Attempt, attempts: readonly Attempt[]): Promise<void> {
  const invited = attempts.filter((attempt) => attempt.code === code);
  await close('revoked', invited, () => query('UPDATE "Invitation" SET revoked_at = now() WHERE code = $1', [code]));
}

async function expire(query: EmptyDatabase['query'], attempt: Attempt): Promise<void> {
  const { sessionId } = attempt;
  if (sessionId === undefined) return;
  const sql = `UPDATE "RegisterSession" SET expires_at = now() - interval '1 second' WHERE "sessionId" = $1`;
  await close('expired', [attempt], () => query(sql, [sessionId]));
}

async function close(how: 'revoked' | 'expired', attempts: readonly Attempt[], commit: () => Promise<unknown>): Promise<void> {
  for (const attempt of attempts) attempt.closing.add(how);
  const isCommitted = await commit().then(
    () => true,
    () => false,
  );
  for (const attempt of attempts) attempt.isClosed ||= isCommitted;
}
