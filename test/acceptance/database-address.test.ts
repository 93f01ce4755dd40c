import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Ended, runChodae } from '../support/run-chodae.ts';
import { freePort, temporaryFolder } from '../support/temporary.ts';

const serve = (settings: Readonly<Record<string, string>>) => runChodae(['serve', '--port', '0'], { environment: settings });

/** Nothing of a password may be printed, not even the part after the character that should have been encoded. */
function assertNothingPrinted({ stdout, stderr }: Ended, secrets: readonly string[]): void {
  for (const secret of secrets) assert.ok(!`${stdout}${stderr}`.includes(secret), `"${secret}" was printed:\n${stdout}${stderr}`);
}

test('an unencoded `@` or `#` in the password is reported with what to write, without the password', async () => {
  const cases = [
    { url: 'postgresql://app:Geheim7@Fenster9@127.0.0.1:5432/chodae', says: /write %40 for each "@"/ },
    { url: 'postgresql://app:Geheim7#Fenster9@127.0.0.1:5432/chodae', says: /write %23 for each "#"/ },
    { url: 'postgresql://app:Geheim7/Fenster9@127.0.0.1:5432/chodae', says: /write %2F for each "\/"/ },
    { url: 'postgresql://app:Geheim7%Fenster9@127.0.0.1:5432/chodae', says: /write %25 for each "%"/ },
    { url: 'postgresql://app:Geheim7@Fenster9#Balkon5@127.0.0.1:5432/chodae', says: /%40[\s\S]*%23/ },
  ];
  for (const { url, says } of cases) {
    for (const name of ['DATABASE_URL', 'DIRECT_URL']) {
      const other = name === 'DIRECT_URL' ? { DATABASE_URL: 'postgresql://app:x@127.0.0.1:5432/chodae' } : {};
      const ended = await serve({ ...other, [name]: url });
      assert.equal(ended.code, 2, `${url}: ${ended.stdout}${ended.stderr}`);
      assert.match(ended.stderr, says);
      assert.match(ended.stderr, new RegExp(`^- ${name} is `, 'm'));
      assertNothingPrinted(ended, ['Geheim7', 'Fenster9', 'Balkon5']);
    }
  }
});

test('a server that does not accept connections is named, and the exit code is 1', async () => {
  const port = await freePort();
  const ended = await serve({ DATABASE_URL: `postgresql://app:Geheim7%40Fenster9@127.0.0.1:${port}/chodae` });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
  assert.match(ended.stderr, /Start PostgreSQL/);
  assert.doesNotMatch(ended.stderr, /\n {4}at /);
  assertNothingPrinted(ended, ['Geheim7', 'Fenster9']);
});

test('a pooler for migrations is refused with the right address', async () => {
  const pooler = 'postgresql://postgres.abcdefghijkl:Geheim7@aws-0-ap-northeast-2.pooler.supabase.com:6543/postgres';
  const ended = await serve({ DATABASE_URL: pooler, DIRECT_URL: pooler });
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /db\.abcdefghijkl\.supabase\.co:5432/);
  assertNothingPrinted(ended, ['Geheim7']);
});

test('a mistake in the .env file is reported like any other', async () => {
  const folder = await temporaryFolder('env-file');
  writeFileSync(`${folder.path}/.env`, 'DATABASE_URL="postgresql://app:Geheim7@Fenster9@127.0.0.1:5432/chodae"\n');
  const ended = await runChodae(['serve', '--port', '0'], { directory: folder.path });
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /DATABASE_URL[\s\S]*%40/);
  assertNothingPrinted(ended, ['Geheim7', 'Fenster9']);
  folder.remove();
});
