import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Accepted } from '../rules/result.ts';
import { acceptLifeSpan, type LifeSpan, settleLifeSpan, type WrittenLifeSpan } from './resolve-validity.ts';

const now = new Date('2026-01-01T00:00:00Z');

/** @returns start and end, or the broken rules, each as `field code`. */
function settled(written: WrittenLifeSpan, options?: { pastAllowed: boolean }): readonly (string | undefined)[] {
  const wanted = acceptLifeSpan(written, 'Asia/Seoul');
  const result: Accepted<LifeSpan> = wanted.ok ? settleLifeSpan(now, wanted.value, options) : wanted;
  if (!result.ok) return result.errors.map(({ field, rule }) => `${field} ${rule.code}`);
  return [result.value.startsAt, result.value.expiresAt].map((moment) => moment?.toISOString());
}

test('a life span without bounds starts now and never ends', () => {
  assert.deepEqual(settled({}), [undefined, undefined]);
  assert.deepEqual(settled({ starts_at: null, expires_at: null, valid_for: null }), [undefined, undefined]);
});

test('a duration is counted from the start, or from now', () => {
  assert.deepEqual(settled({ valid_for: '12h' }), [undefined, '2026-01-01T12:00:00.000Z']);
  assert.deepEqual(settled({ starts_at: '2026-03-01T09:00:00+09:00', valid_for: '7d' }), [
    '2026-03-01T00:00:00.000Z',
    '2026-03-08T00:00:00.000Z',
  ]);
});

test('an impossible life span is refused', () => {
  const refused: readonly (readonly [WrittenLifeSpan, readonly string[]])[] = [
    [{ expires_at: '2026-01-01T00:00:00Z' }, ['expires_at moment_past']],
    [{ starts_at: '2025-01-01T00:00:00Z', valid_for: '30d' }, ['valid_for moment_past']],
    [{ starts_at: '2026-03-01T00:00:00Z', expires_at: '2026-03-01T00:00:00Z' }, ['expires_at expiry_before_start']],
    [{ starts_at: '9999-12-31T00:00:00Z', valid_for: '30d' }, ['valid_for moment_range']],
    [{ expires_at: '2026-03-01T00:00:00Z', valid_for: '30d' }, ['valid_for expiry_twice']],
    [
      { starts_at: 'now', expires_at: '2026-02-30T00:00:00Z', valid_for: '7' },
      ['starts_at moment_format', 'expires_at moment_format', 'valid_for duration_format'],
    ],
  ];
  for (const [written, rules] of refused) assert.deepEqual(settled(written), rules);
});

test('a life span in the past is accepted if that is allowed', () => {
  assert.deepEqual(settled({ expires_at: '2020-01-01T00:00:00Z' }, { pastAllowed: true }), [undefined, '2020-01-01T00:00:00.000Z']);
});
