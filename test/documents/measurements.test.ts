import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { figuresIn, quotedFigures, readmes } from '../../bench/quoted-figures.ts';
import { demandsOf, pageOf, readResults } from '../../bench/results-page.ts';
import { drawResults } from '../../bench/results-picture.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const results = readResults();

for (const [language, name] of Object.entries(readmes) as [keyof typeof readmes, string][]) {
  test(`${name} quotes three figures of bench/results.json and names the command`, () => {
    const quoted = figuresIn(read(name)) ?? '';
    assert.equal(quoted, quotedFigures(results, language), 'run `npm run bench`');
    assert.equal(quoted.split('\n').length, 5);
    assert.doesNotMatch(quoted, /–|NaN/, 'a part that is quoted was not measured');
    assert.match(read(name), /`npm run bench`/);
  });
}

test('bench/results.md and results.svg are made from bench/results.json', () => {
  const page = read('bench/results.md');
  const parts = Object.values(results.parts);
  assert.ok(parts.length > 0);
  for (const part of parts) assert.ok(page.includes(`## ${part.title}\n\n${pageOf(part).trim()}\n`), part.title);
  assert.ok(page.includes(demandsOf(results)));
  assert.equal(read('bench/results.svg'), drawResults(results));
});
