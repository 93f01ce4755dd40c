import { createHash } from 'node:crypto';
import type { Queryable } from '../database/database.ts';
import { type Once, type RepeatableRequest, repeatableProblems } from '../idempotency.ts';
import { Problem } from '../problems.ts';
import { keepAnswer, readAnswer, takeKey } from './idempotency-store.ts';

/** Visible ASCII and spaces; the draft RFC leaves the format to the server. */
const keyShape = /^[\x20-\x7e]{1,128}$/;

/** `OncePerKey` over the table `idempotency_keys`; each operator has a namespace of their own. */
export async function oncePerKey<Answer>(
  transaction: Queryable,
  { actor, key, asked }: RepeatableRequest,
  work: () => Promise<Answer>,
): Promise<Once<Answer>> {
  if (key === undefined) return { answer: await work(), repeated: false };
  if (!keyShape.test(key)) throw new Problem(repeatableProblems.idempotency_key_invalid);
  const operatorId = actor.keyId ?? 0;
  const requestHash = createHash('sha256').update(JSON.stringify(asked)).digest('hex');
  if (!(await takeKey(transaction, operatorId, key, requestHash))) {
    const kept = await readAnswer(transaction, operatorId, key);
    if (kept?.request_hash !== requestHash) throw new Problem(repeatableProblems.idempotency_key_reused);
    return { answer: kept.answer as Answer, repeated: true };
  }
  const answer = await work();
  await keepAnswer(transaction, operatorId, key, answer);
  return { answer, repeated: false };
}
