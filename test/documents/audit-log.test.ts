import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const source = new URL('../../src/', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.(ts|sql)$/.test(file) && !file.endsWith('.test.ts'),
);

/** Every place where a statement would change or delete rows of the audit log, as `file: statement`. */
const changes = files.flatMap((file) => {
  const text = readFileSync(new URL(file, source), 'utf8');
  const found = text.match(/\b(?:DELETE FROM|UPDATE|TRUNCATE(?: TABLE)?|MERGE INTO)\s+(?:ONLY\s+)?"?audit_log\b/gi) ?? [];
  return found.map((statement) => `${file}: ${statement}`);
});

test('only the retention sweep deletes from the audit log, and nothing changes its entries', () => {
  assert.deepEqual(changes, ['operators/sweep-store.ts: DELETE FROM audit_log']);
});
