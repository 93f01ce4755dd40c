import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const rows = readFileSync(new URL('docs/security.md', root), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z](?:-\d+)?(?:, [A-Z]-\d+)* \|/.test(line));

/** `path/to/a.test.ts`: "a name", "another name" — the names may be missing. */
const citation = /`([\w./-]+\.test\.ts)`((?:[:,] "[^"]+")*)/g;

interface Citation {
  readonly file: string;
  readonly names: readonly string[];
}

function citationsIn(row: string): Citation[] {
  return [...row.matchAll(citation)].map(([, file = '', names = '']) => ({
    file,
    names: [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  }));
}

/** Whether the source has a test of that name, in any quotes. */
function hasTest(source: string, name: string): boolean {
  return [`'${name.replaceAll("'", "\\'")}'`, `"${name}"`, `\`${name}\``].some(
    (quoted) => source.includes(`test(${quoted}`) || source.includes(`  ${quoted},\n`),
  );
}

test('docs/security.md has every row of its groups once', () => {
  const ids = rows.flatMap((row) => (row.split('|')[1] ?? '').trim().split(', '));
  assert.equal(new Set(ids).size, ids.length, 'a row stands there twice');
  const counts = { A: 10, B: 10, C: 7, D: 4, E: 8, F: 4, G: 5, H: 10, J: 9, K: 8, L: 7, M: 43 };
  for (const [group, count] of Object.entries(counts)) {
    for (let number = 1; number <= count; number += 1) assert.ok(ids.includes(`${group}-${number}`), `${group}-${number} is missing`);
  }
});

test('every file and every test that docs/security.md names exists', () => {
  const missing: string[] = [];
  for (const { file, names } of rows.flatMap(citationsIn)) {
    const url = new URL(file, root);
    if (!existsSync(url)) {
      missing.push(file);
      continue;
    }
    const source = readFileSync(url, 'utf8');
    for (const name of names) if (!hasTest(source, name)) missing.push(`${file}: ${name}`);
  }
  assert.deepEqual(missing, []);
});

test('every row has a test, or says why it has none', () => {
  for (const row of rows) {
    const proof = row.split('|')[3]?.trim() ?? '';
    assert.ok(citationsIn(row).length > 0 || /\bnot yet\b/i.test(proof) || proof.length > 40, row);
  }
});

test('the pattern finds every name in quotes', () => {
  for (const row of rows) {
    const quoted = row.match(/"[^"]+"/g)?.length ?? 0;
    assert.equal(
      citationsIn(row).reduce((sum, { names }) => sum + names.length, 0),
      quoted,
      row,
    );
  }
});
