import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearestName } from './nearest-name.ts';

const columns = ['code', 'max_uses', 'starts_at', 'expires_at', 'valid_for', 'campaign', 'note', 'phone', 'dry_run', 'limit'];

for (const [written, meant] of [
  ['phone_number', 'phone'],
  ['Phone Number', 'phone'],
  ['expires', 'expires_at'],
  ['expire_at', 'expires_at'],
  ['expiresAt', 'expires_at'],
  ['max_use', 'max_uses'],
  ['MAX-USES', 'max_uses'],
  ['campain', 'campaign'],
  ['dryrun', 'dry_run'],
  ['ntoe', 'note'],
  ['validfor', 'valid_for'],
  ['color', undefined],
  ['x', undefined],
  ['', undefined],
  ['p'.repeat(65), undefined],
] as const) {
  test(`${JSON.stringify(written)} was meant as ${meant}`, () => assert.equal(nearestName(written, columns), meant));
}

test('the edit distance counts a swap of neighbours as one', () => {
  for (const [left, right, wanted] of [
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'abcd', 1],
    ['abc', 'bc', 1],
    ['kitten', 'sitting', 3],
  ] as const) {
    assert.equal(editDistance(left, right), wanted, `${left} ${right}`);
    assert.equal(editDistance(right, left), wanted, `${right} ${left}`);
  }
});
