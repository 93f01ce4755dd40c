import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findTiers } from './test-tiers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tiers = findTiers(root);

test('every test file is in a tier', () => {
  const listed = new Set(Object.values(tiers).flatMap((tier) => tier.paths));
  const files = ['scripts', 'src', 'test'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `${folder}/${file}`),
  );
  assert.deepEqual(
    files.filter((file) => !listed.has(file)),
    [],
  );
});

for (const [name, tier] of Object.entries(tiers)) {
  test(`the tier ${name} names files that exist, each once`, () => {
    assert.deepEqual(
      tier.paths.filter((file) => !existsSync(`${root}${file}`)),
      [],
    );
    assert.equal(new Set(tier.paths).size, tier.paths.length);
  });
}
