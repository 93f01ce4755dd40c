import type { FieldError } from './errors.ts';

/** What a rule of a field gives: the value as it is stored, or what is wrong with it. */
export type Accepted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** @returns the value, as accepted. */
export function accepted<T>(value: T): Accepted<T> {
  return { ok: true, value };
}

/** @returns the refusal that names these broken rules; at least one. */
export function refused(...errors: readonly [FieldError, ...FieldError[]]): Accepted<never> {
  return { ok: false, errors };
}
