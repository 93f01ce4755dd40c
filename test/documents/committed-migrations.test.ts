import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root, runDrizzleKit } from '../support/drizzle-kit.ts';
import { temporaryFolder } from '../support/temporary.ts';

const migrations = path.join(root, 'src/database/migrations');

test('drizzle-kit generate finds no difference to the committed migrations', async () => {
  const folder = temporaryFolder('migrations');
  cpSync(migrations, folder.path, { recursive: true });
  const before = readdirSync(folder.path, { recursive: true }).sort();
  // The program prepends `./` to its argument.
  const out = path.relative(root, folder.path);
  const { code, output } = await runDrizzleKit(['generate', '--dialect=postgresql', '--schema=./src/database/schema.ts', `--out=${out}`]);
  assert.equal(code, 0, output);
  assert.match(output, /No schema changes, nothing to migrate/);
  assert.deepEqual(readdirSync(folder.path, { recursive: true }).sort(), before);
  folder.remove();
});

test('drizzle-kit check finds the committed migrations in order', async () => {
  const { code, output } = await runDrizzleKit(['check']);
  assert.equal(code, 0, output);
  assert.match(output, /Everything's fine/);
});

test('the journal lists every migration, each later than the one before', () => {
  const { entries } = JSON.parse(readFileSync(path.join(migrations, 'meta/_journal.json'), 'utf8')) as {
    entries: { tag: string; when: number }[];
  };
  const files = readdirSync(migrations).filter((file) => file.endsWith('.sql'));
  assert.deepEqual(
    entries.map(({ tag }) => `${tag}.sql`),
    files.sort(),
  );
  // Only the timestamp decides which migrations are pending.
  for (const [index, { when, tag }] of entries.entries()) assert.ok(when > (entries[index - 1]?.when ?? 0), tag);
});
