import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every `action: '…'` in the sources: these name the entries of the audit log. */
function actionsInSources(): string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file));
  const found = files.flatMap((file) => [...readFileSync(join(root, 'src', file), 'utf8').matchAll(/\baction: '([a-z_]+\.[a-z_]+)'/g)]);
  return [...new Set(found.map(([, action = '']) => action))].sort();
}

test('docs/guides/operating.md lists every action that the audit log can have', () => {
  const page = readFileSync(join(root, 'docs/guides/operating.md'), 'utf8');
  const block = page.split('<!-- audit actions: begin')[1]?.split('<!-- audit actions: end -->')[0] ?? '';
  const listed = [...block.matchAll(/^\| `([^`]+)` \|/gm)].map(([, action = '']) => action);
  assert.ok(listed.length > 0);
  assert.deepEqual([...listed].sort(), actionsInSources());
});

test('no statement of the program changes an entry of the audit log', () => {
  const stores = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const changing = stores.filter((file) => /UPDATE\s+audit_log|TRUNCATE\s+audit_log/i.test(readFileSync(join(root, 'src', file), 'utf8')));
  assert.deepEqual(changing, []);
});
