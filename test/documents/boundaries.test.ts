import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'chodae-boundaries-'));
after(() => rmSync(folder, { recursive: true, force: true }));
copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));

type Import = readonly [file: string, imported: string];

const forbidden: readonly Import[] = [
  ['src/http/probe-1.ts', '../registration/store.ts'],
  ['src/http/probe-2.ts', '../invitations/availability.ts'],
  ['src/database/probe-3.ts', '../users/store.ts'],
  ['src/passwords/probe-4.ts', '../registration/name.ts'],
  ['src/limits/probe-14.ts', '../registration/store.ts'],
  ['src/config/probe-5.ts', '../invitations/store.ts'],
  ['src/config/probe-6.ts', '../services.ts'],
  ['src/metrics/probe-15.ts', '../registration/store.ts'],
  ['src/sweeping/probe-16.ts', '../registration/sweep-store.ts'],
  ['src/pages/probe-17.ts', '../registration/steps.ts'],
  ['src/invitations/probe-7.ts', '../registration/store.ts'],
  ['src/invitations/probe-8.ts', 'fastify'],
  ['src/registration/probe-9.ts', 'fastify'],
  ['src/registration/save-step.ts', '../http/server.ts'],
  ['src/registration/probe-10.ts', '../services.ts'],
  ['src/cli/probe-11.ts', '../invitations/store.ts'],
  ['src/cli/probe-12.ts', 'pg'],
  ['test/acceptance/probe-13.test.ts', '../../src/problems.ts'],
  ['web/signup/probe-17.ts', '../../src/registration/store.ts'],
];

const allowed: readonly Import[] = [
  ['src/registration/routes.ts', 'fastify'],
  ['src/registration/store.ts', '../invitations/availability.ts'],
  ['src/invitations/store.ts', '../database/database.ts'],
  ['src/pages/routes.ts', '../http/document.ts'],
  ['src/registration/steps.ts', '../pages/schema.ts'],
  ['src/cli/seed.ts', '../invitations/seed-test-codes.ts'],
  ['web/signup/flow.ts', '../../src/registration/schema.ts'],
];

for (const [file, imported] of [...forbidden, ...allowed]) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `import { probe } from '${imported}';\n\nprobe();\n`);
}

const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
const run = spawnSync(process.execPath, [biome, 'lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=github', '.'], {
  cwd: folder,
  encoding: 'utf8',
});
const refusals = run.stdout.split('\n').filter((line) => line.includes('noRestrictedImports'));
const refused = (file: string) => refusals.some((line) => line.includes(file));

test('the linter reports each forbidden probe once and nothing else', () => {
  assert.equal(run.status, 1, run.stdout + run.stderr);
  assert.equal(refusals.length, forbidden.length, run.stdout);
});

for (const [file, imported] of forbidden) {
  test(`the linter refuses ${imported} in ${file}`, () => assert.ok(refused(file), run.stdout));
}

for (const [file, imported] of allowed) {
  test(`the linter allows ${imported} in ${file}`, () => assert.ok(!refused(file), run.stdout));
}
