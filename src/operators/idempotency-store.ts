import { type Queryable, statement } from '../database/database.ts';

const beginStatement = statement<{ key: string }>(
  'operators_begin_idempotent',
  `INSERT INTO idempotency_keys (operator_id, key, request_hash) VALUES ($1, $2, $3)
   ON CONFLICT (operator_id, key) DO UPDATE SET request_hash = EXCLUDED.request_hash, answer = NULL, created_at = now()
     WHERE idempotency_keys.created_at <= now() - interval '24 hours'
   RETURNING key`,
);

/**
 * Claims a key; waits for a request that is using it right now.
 * @returns false if it was used in the last 24 hours.
 */
export async function takeKey(transaction: Queryable, operatorId: number, key: string, requestHash: string): Promise<boolean> {
  return (await transaction.run(beginStatement, [operatorId, key, requestHash])).length > 0;
}

const finishStatement = statement(
  'operators_finish_idempotent',
  'UPDATE idempotency_keys SET answer = $3::text::jsonb WHERE operator_id = $1 AND key = $2',
);

export async function keepAnswer(transaction: Queryable, operatorId: number, key: string, answer: unknown): Promise<void> {
  await transaction.run(finishStatement, [operatorId, key, JSON.stringify(answer)]);
}

const readStatement = statement<{ request_hash: string; answer: unknown }>(
  'operators_read_idempotent',
  'SELECT request_hash, answer FROM idempotency_keys WHERE operator_id = $1 AND key = $2',
);

export async function readAnswer(
  transaction: Queryable,
  operatorId: number,
  key: string,
): Promise<{ request_hash: string; answer: unknown } | undefined> {
  const [row] = await transaction.run(readStatement, [operatorId, key]);
  return row;
}

const forgetStatement = statement(
  'operators_forget_in_answers',
  `UPDATE idempotency_keys SET answer = replace(answer::text, to_json($1::text)::text, 'null')::jsonb
   WHERE strpos(answer::text, to_json($1::text)::text) > 0`,
);

/** Removes a phone number (E.164) from stored answers: the one of the request that invited it contains it. */
export async function forgetInAnswers(
  transaction: Queryable,
  { phone }: { readonly phone: string | undefined },
): Promise<Record<never, never>> {
  if (phone !== undefined) await transaction.run(forgetStatement, [phone]);
  return {};
}
