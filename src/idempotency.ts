import type { Actor } from './audit.ts';
import type { Queryable } from './database/database.ts';
import { problemCatalogue } from './problems.ts';

/** Mistakes of clients that repeat requests; for every route with an `Idempotency-Key`. */
export const repeatableProblems = problemCatalogue({
  idempotency_key_invalid: {
    status: 400,
    title: { ko: 'Idempotency-Key를 쓸 수 없습니다', en: 'Idempotency-Key not acceptable' },
    detail: {
      ko: 'Idempotency-Key 헤더에는 1~128자의 ASCII 문자를 넣으세요. UUID를 권합니다.',
      en: 'The header Idempotency-Key takes 1 to 128 ASCII characters; a UUID is a good choice.',
    },
  },
  idempotency_key_reused: {
    status: 422,
    title: { ko: '이미 쓴 Idempotency-Key입니다', en: 'Idempotency-Key already used' },
    detail: {
      ko: '이 Idempotency-Key는 지난 24시간 안에 다른 요청에 쓰였습니다. 새 요청에는 새 키를 쓰세요.',
      en: 'This Idempotency-Key was used for another request in the last 24 hours. Use a new key for a new request.',
    },
  },
});

/** A request that may be sent again if its response was lost (draft-ietf-httpapi-idempotency-key-header-07). */
export interface RepeatableRequest {
  readonly actor: Actor;
  /** The `Idempotency-Key` header. Undefined: the request is not repeatable. */
  readonly key: string | undefined;
  /** Method, path and body. The same key with another request is refused. */
  readonly asked: unknown;
}

export interface Once<Answer> {
  readonly answer: Answer;
  /** True: this is the answer of an earlier request, and nothing was done now. */
  readonly repeated: boolean;
}

/**
 * Does something once per key; slices are given this function. The answer is kept for 24 hours, as JSON, in the same transaction;
 * of two concurrent requests the second waits for the first.
 * @param transaction the one in which `work` changes something.
 * @throws Problem `idempotency_key_reused`, `idempotency_key_invalid`.
 */
export type OncePerKey = <Answer>(transaction: Queryable, request: RepeatableRequest, work: () => Promise<Answer>) => Promise<Once<Answer>>;
