import type { FieldError } from '../problems.ts';

/** The result of checking a field: the value to store, or the broken rules. */
export type Accepted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** @returns the accepted value. */
export function accepted<T>(value: T): Accepted<T> {
  return { ok: true, value };
}

/** @returns the rejection with these broken rules; at least one. */
export function refused(...errors: readonly [FieldError, ...FieldError[]]): Accepted<never> {
  return { ok: false, errors };
}
