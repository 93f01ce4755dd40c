import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtPages } from '../support/built-pages.ts';

/** Follows docs/guides/adding-a-step.md to the letter in a copy of the sources: its code blocks are pasted where it says. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/guides/adding-a-step.md'), 'utf8');
// Inside the repository, so that the copy finds node_modules.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache/adding-a-step-'));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ['src', 'drizzle.config.ts', 'package.json']) cpSync(join(root, name), join(folder, name), { recursive: true });

const [schemaBlock = '', stepBlock = '', rulesBlock = ''] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) =>
  code.replace(/^ {3}/gm, ''),
);

function edit(file: string, change: (text: string) => string): void {
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  const changed = change(before);
  assert.notEqual(changed, before, `nothing changed in ${file}`);
  writeFileSync(path, changed);
}

function run(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

const probe = `
import { pino } from 'pino';
import { buildApp } from './src/app.ts';
import { readConfig } from './src/config/read-config.ts';
import { openEmbeddedDatabase } from './src/database/embedded.ts';
import { migrateEmbedded } from './src/database/migrate.ts';
import { seedTestCodes } from './src/invitations/seed-test-codes.ts';
import { openPageFiles } from './src/pages/page-files.ts';
import { openServices } from './src/services.ts';

const config = readConfig({});
const database = await openEmbeddedDatabase({ directory: undefined });
await migrateEmbedded(database.pglite);
await seedTestCodes(database);
const services = openServices({ ...config, passwords: { bcryptCost: 4, minimumLength: 8, maximumWaitSeconds: 30 } }, pino({ level: 'silent' }), database);
const { http } = await buildApp(services, { pages: await openPageFiles(config.page, process.argv[2]) });
const send = async (method, url, payload) => (await http.inject({ method, url, payload })).json();
const { sessionId: session_id, remainingSteps } = await send('POST', '/auth/invitation/verify', { invitation_code: 'TEST001' });
const put = (step, body) => send('PUT', '/auth/register/' + step, { session_id, ...body });
const refused = await put('email', { email: 'hong' });
await put('name', { name: '홍길동', password: 'securePass123!' });
await put('birthday', { birthday: '1990-01-01' });
const early = await put('phone', { phone: '010-1234-5678' });
await put('email', { email: ' hong@example.com ' });
const completed = await put('phone', { phone: '010-1234-5678' });
const { rows } = await database.pglite.query('SELECT email FROM "User"');
const operator = { authorization: 'Bearer ' + services.localKey };
const funnel = (await http.inject({ url: '/admin/funnel?by=none', headers: operator })).json();
const { payload: html } = await http.inject('/join');
const screens = JSON.parse(/id="settings">(.*?)<\\/script>/.exec(html)[1]).steps;
const { paths } = http.swagger();
console.log(JSON.stringify({ remainingSteps, refused, early, completed, rows, funnel, screens, documented: Object.keys(paths).includes('/auth/register/email') }));
process.exit(0);
`;

test('a step is one entry and one migration, from the table to the screen', () => {
  const [forSessions = '', forUsers = '', forAttempts = ''] = schemaBlock
    .split(/\/\/ (?:users|registrationAttempts)\n/)
    .map((lines) => lines.replace(/^\/\/.*\n/gm, '').trim());
  edit('src/database/schema.ts', (text) =>
    text.replace("    phone: text('phone'),\n    createdAt", `    phone: text('phone'),\n    ${forSessions}\n    createdAt`),
  );
  edit('src/database/schema.ts', (text) =>
    text.replace("phone: text('phone').notNull(),\n", `phone: text('phone').notNull(),\n    ${forUsers}\n`),
  );
  edit('src/database/schema.ts', (text) =>
    text.replace("    endedAt: moment('ended_at')", `    ${forAttempts}\n    endedAt: moment('ended_at')`),
  );

  const command = page.match(/npx drizzle-kit (generate --name email)/)?.[1]?.split(' ') ?? [];
  run(join(root, 'node_modules/drizzle-kit/bin.cjs'), ...command);
  assert.equal(readdirSync(join(folder, 'src/database/migrations')).filter((name) => name.endsWith('_email.sql')).length, 1);

  const [entry = '', list = ''] = stepBlock.split('export const stepsBeforeLast');
  edit('src/registration/steps.ts', (text) =>
    text
      .replace(
        "import { acceptName } from './name.ts';",
        "import { fieldRules } from '../problems.ts';\nimport { acceptName } from './name.ts';",
      )
      .replace(
        /\/\*\* In the order of the form[\s\S]*?\nexport const stepsBeforeLast[^\n]*\n/,
        `${rulesBlock}\n${entry}\nexport const stepsBeforeLast${list}\n`,
      ),
  );

  writeFileSync(join(folder, 'probe.ts'), probe);
  const seen = JSON.parse(run('--import', 'tsx', 'probe.ts', builtPages()));
  assert.deepEqual(seen.remainingSteps, ['name', 'email', 'birthday', 'phone']);
  assert.deepEqual([seen.refused.status, seen.refused.errors[0].code], [422, 'email_invalid']);
  assert.deepEqual([seen.early.code, seen.early.missing], ['steps_incomplete', ['email']]);
  assert.deepEqual(seen.completed, { ok: true, userId: 1 });
  assert.deepEqual(seen.rows, [{ email: 'hong@example.com' }]);
  assert.equal(seen.documented, true);
  assert.deepEqual(
    seen.screens.map(({ name }: { name: string }) => name),
    ['name', 'email', 'birthday', 'phone'],
  );
  assert.deepEqual(seen.screens[1], {
    name: 'email',
    path: '/auth/register/email',
    title: { ko: '이메일 주소를 입력해 주세요', en: 'Your e-mail address' },
    fields: [
      {
        name: 'email',
        type: 'email',
        autocomplete: 'email',
        label: { ko: '이메일 주소', en: 'E-mail address' },
        hint: { ko: '예: hong@example.com', en: 'Like hong@example.com' },
        example: 'hong@example.com',
      },
    ],
  });
  assert.equal(seen.funnel.totals.email, 1);
  assert.deepEqual(Object.keys(seen.funnel.median_seconds), ['name', 'email', 'birthday', 'phone']);
});
