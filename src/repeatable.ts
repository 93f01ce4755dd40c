import type { Actor } from './audit.ts';
import type { Queryable } from './database/database.ts';
import { problemCatalogue } from './errors.ts';

/** What whoever repeats requests may have done wrong; for every route that takes an `Idempotency-Key`. */
export const repeatableProblems = problemCatalogue({
  idempotency_key_invalid: {
    status: 400,
    title: { ko: 'Idempotency-Key를 쓸 수 없습니다', en: 'Idempotency-Key not acceptable' },
    detail: {
      ko: 'Idempotency-Key 헤더에는 1~128자의 ASCII 문자를 넣으세요. UUID를 권합니다.',
      en: 'The field Idempotency-Key takes 1 to 128 ASCII characters; a UUID is a good choice.',
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
