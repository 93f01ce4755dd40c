/**
 * JSON Schema of a moment as operators write it: a day, or RFC 3339, or a time without an offset, which is in `TIME_ZONE` (`zoned-time.ts`
 * reads it). For the OpenAPI document; null is told by the type beside it.
 */
export const writtenMoment = {
  anyOf: [{ format: 'date' }, { format: 'date-time' }, { pattern: '^\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?$' }],
};

/** JSON Schema of a duration: every text that `validity.ts` reads matches, and some that it refuses. */
export const writtenDuration = '^\\d{1,9}(\\.\\d{1,3})? ?[A-Za-z]{1,12}$';
