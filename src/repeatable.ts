import type { Actor } from './audit.ts';
import type { Queryable } from './database/database.ts';

/** A request that may be sent again because its answer was lost (draft-ietf-httpapi-idempotency-key-header-07). */
export interface RepeatableRequest {
  readonly actor: Actor;
  /** The field `Idempotency-Key`; undefined: the request is not repeatable. */
  readonly key: string | undefined;
  /** What was asked: method, path and body. The same key with something else is refused. */
  readonly asked: unknown;
}

export interface Once<Answer> {
  readonly answer: Answer;
  /** True: this is what an earlier request was answered, and nothing was done now. */
  readonly repeated: boolean;
}

/**
 * Does something once for each key: slices are given this function. The answer is kept for 24 hours, as JSON, in the transaction that does it;
 * of two at the same time the second waits for the first.
 * @param transaction the one in which `work` changes something.
 * @throws Problem `idempotency_key_reused`, `idempotency_key_invalid`.
 */
export type OncePerKey = <Answer>(transaction: Queryable, request: RepeatableRequest, work: () => Promise<Answer>) => Promise<Once<Answer>>;
