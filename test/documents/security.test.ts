import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/evidence/security.md', root), 'utf8');

/** Each requirement: its line `**A-1** …` and the list below it. */
const entries = [...page.matchAll(/^\*\*([A-Z](?:-\d+)?(?:, [A-Z]-\d+)*)\*\* ([\s\S]*?)(?=^\*\*[A-Z](?:-\d|\*)|^## |(?![\s\S]))/gm)].map(
  ([, ids = '', text = '']) => ({ ids: ids.split(', '), text, proof: text.slice(text.indexOf('\n\n')).trim() }),
);

/** `path/to/a.test.ts`: "a name", "another name" — the names may be missing or on the next lines. */
const citation = /`([\w./-]+\.test\.ts)`((?:[:,]\s+"[^"]+")*)/g;

interface Citation {
  readonly file: string;
  readonly names: readonly string[];
}

function citationsIn(text: string): Citation[] {
  return [...text.matchAll(citation)].map(([, file = '', names = '']) => ({
    file,
    names: [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  }));
}

/** Whether the source has a test of that name, in whatever quotes. */
function hasTest(source: string, name: string): boolean {
  return [`'${name.replaceAll("'", "\\'")}'`, `"${name}"`, `\`${name}\``].some(
    (quoted) => source.includes(`test(${quoted}`) || source.includes(`  ${quoted},\n`),
  );
}

test('docs/evidence/security.md has every requirement of its groups once', () => {
  const ids = entries.flatMap((entry) => entry.ids);
  assert.equal(new Set(ids).size, ids.length, 'a requirement is listed twice');
  const counts = { A: 15, B: 10, C: 7, D: 4, E: 8, F: 4, G: 6, H: 10, J: 9, K: 9, L: 7, M: 43 };
  for (const [group, count] of Object.entries(counts)) {
    for (let number = 1; number <= count; number += 1) assert.ok(ids.includes(`${group}-${number}`), `${group}-${number} is missing`);
  }
});

test('every file and every test that docs/evidence/security.md names exists', () => {
  const missing: string[] = [];
  for (const { file, names } of citationsIn(page)) {
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

test('every requirement has a test, or says why it has none', () => {
  for (const { ids, proof } of entries) {
    assert.ok(citationsIn(proof).length > 0 || /\bnot yet\b/i.test(proof) || proof.length > 40, ids.join());
  }
});

test('every quoted name belongs to a test file', () => {
  for (const { ids, text } of entries) {
    const quoted = text.match(/"[^"]+"/g)?.length ?? 0;
    const cited = citationsIn(text).reduce((sum, { names }) => sum + names.length, 0);
    assert.equal(cited, quoted, ids.join());
  }
});
