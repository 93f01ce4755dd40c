import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeAlphabet } from '../../src/invitations/check-character.ts';
import { acceptCustomCode } from '../../src/invitations/code.ts';
import { isNoCodeOfOurs } from '../../src/invitations/code-shape.ts';

const page = readFileSync(new URL('../../docs/reference/invitation-codes.md', import.meta.url), 'utf8');

const twoDigits = (value: number) => Number(value.toPrecision(2)).toLocaleString('en');

test('the table of hits matches its formula', () => {
  const rows = (page.split('<!-- hits: begin')[1]?.split('<!-- hits: end')[0] ?? '').split('\n').filter((line) => /^\| \d/.test(line));
  assert.ok(rows.length > 5);
  for (const row of rows) {
    const [bits = '', characters, codes = '', guesses = '', hits, wait] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const hitsADay = (86_400 * Number(guesses.replaceAll(',', '')) * Number(codes.replaceAll(',', ''))) / 2 ** Number(bits);
    const years = 1 / hitsADay / 365.25;
    const expected = years < 1 ? `${twoDigits(24 / hitsADay)} hours` : `${twoDigits(years)} years`;
    assert.deepEqual([characters, hits, wait], [String(Number(bits) / 5 + 1), hitsADay.toExponential(1), expected], row);
  }
});

test('the examples are as described', () => {
  assert.ok(page.includes(`\`${codeAlphabet}\``));
  const [generated = ''] = /SPRING-[\w-]+/.exec(page) ?? [];
  assert.equal(isNoCodeOfOurs(generated), false);
  for (const code of ['WELCOME-2030', 'HELLO-WORLD-AGAIM', 'YOURNAME2030'])
    assert.ok(page.includes(code) && acceptCustomCode(code).ok, code);
  assert.ok(page.includes('`HELLO-WORLD-AGAIN` is refused') && !acceptCustomCode('HELLO-WORLD-AGAIN').ok);
});
