import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { envFileWarnings, readEnvFile } from './env-file.ts';

/** Creates a folder with a `.env` file of that content for the callback. */
function inFolder(content: string | Buffer | undefined, work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'chodae-env-'));
  try {
    if (content !== undefined) writeFileSync(join(folder, '.env'), content);
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const contents: readonly (readonly [what: string, content: string | Buffer, expected: Record<string, string>])[] = [
  ['plain lines', 'PORT=9000\n# comment\nHOST = ::1 # all\n', { PORT: '9000', HOST: '::1' }],
  [
    'quotation marks',
    'DATABASE_URL="postgresql://u:p%23@h/d?sslmode=require"\n',
    { DATABASE_URL: 'postgresql://u:p%23@h/d?sslmode=require' },
  ],
  ['a comment after an address', 'DATABASE_URL=postgresql://u:p@h/d # mine\n', { DATABASE_URL: 'postgresql://u:p@h/d' }],
  ['an address that is commented out', '#DATABASE_URL=postgresql://u:p#q@h/d\nPORT=1\n', { PORT: '1' }],
  ['a byte order mark and Windows line ends', '\uFEFFPORT=9000\r\nHOST=::1\r\n', { PORT: '9000', HOST: '::1' }],
  ['nothing', '', {}],
];

for (const [what, content, expected] of contents) {
  test(`a file with ${what} is read`, () => {
    inFolder(content, (folder) => assert.deepEqual(readEnvFile(folder, {}), expected));
  });
}

test('a folder without a file changes nothing', () => {
  inFolder(undefined, (folder) => assert.deepEqual(readEnvFile(folder, { PORT: '1' }), { PORT: '1' }));
});

test('a variable that is already set wins, even an empty one, and the input is not modified', () => {
  inFolder('PORT=9000\nHOST=::1\nLOG_LEVEL=warn\n', (folder) => {
    const environment = { PORT: '1', HOST: '', LOG_LEVEL: undefined };
    assert.deepEqual(readEnvFile(folder, environment), { PORT: '1', HOST: '', LOG_LEVEL: 'warn' });
    assert.deepEqual(environment, { PORT: '1', HOST: '', LOG_LEVEL: undefined });
  });
});

for (const line of ['DATABASE_URL=postgresql://u:pa#ss@h/d', 'export DIRECT_URL = postgresql://u:p@ss/w#rd@h/d']) {
  test(`"${line}" is refused because a # begins a comment there`, () => {
    inFolder(`PORT=1\n${line}\n`, (folder) => {
      assert.throws(() => readEnvFile(folder, {}), { name: 'ConfigError', message: /_URL in .*\.env ends at its first "#".*write %23/ });
    });
  });
}

test('a # in an address is ignored if the environment sets the variable', () => {
  inFolder('DATABASE_URL=postgresql://u:pa#ss@h/d\n', (folder) => {
    assert.deepEqual(readEnvFile(folder, { DATABASE_URL: 'x' }), { DATABASE_URL: 'x' });
  });
});

test('a UTF-16 file of Windows PowerShell is reported', () => {
  inFolder(Buffer.from('PORT=9000\n', 'utf16le'), (folder) => {
    assert.throws(() => readEnvFile(folder, {}), { name: 'ConfigError', message: /save it as UTF-8/ });
  });
});

test('a folder named .env is reported', () => {
  inFolder(undefined, (folder) => {
    mkdirSync(join(folder, '.env'));
    assert.throws(() => readEnvFile(folder, {}), { name: 'ConfigError', message: /is a folder/ });
  });
});

/** A link to itself cannot be read even by root, whom permissions do not stop. */
test('an unreadable file is reported', () => {
  inFolder(undefined, (folder) => {
    symlinkSync('.env', join(folder, '.env'));
    assert.throws(() => readEnvFile(folder, {}), { name: 'ConfigError', message: /cannot be read \(ELOOP\)/ });
  });
});

for (const [line, wanted] of [
  ['DATABASE_URL: postgresql://u:secret@h/d', /^Line 2 of .* is not read: write NAME=value, here DATABASE_URL=…\.$/],
  ['DATABASE_URL postgresql://u:secret@h/d', /not read.*DATABASE_URL=…/],
  ['postgresql://u:secret@h/d', /^Line 2 of .* is not read: write NAME=value\.$/],
  ['DATBASE_URL=postgresql://u:secret@h/d', /sets DATBASE_URL, which is no setting: did you mean DATABASE_URL\?$/],
  ['database_url=postgresql://u:secret@h/d', /did you mean DATABASE_URL/],
  ['export TIMEZONE=Asia/Seoul', /did you mean TIME_ZONE/],
  ['PROT=8000', /did you mean PORT/],
] as const) {
  test(`a line that is not read as meant is told: ${line.split(/[=:]/)[0]}`, () => {
    inFolder(`HOST=::1\n${line}\n`, (folder) => {
      const [warning = '', ...others] = envFileWarnings(folder);
      assert.match(warning, wanted);
      assert.deepEqual(others, []);
      assert.doesNotMatch(warning, /secret/);
    });
  });
}

test('lines that are read, and names of other programs, are not told', () => {
  const text = 'PORT=1\n\n# DATBASE_URL=x\nexport HOST=::1\nDIRECT_URL="a\nb: c\n"\nSUPABASE_KEY=x\nNODE_OPTIONS=\n';
  inFolder(text, (folder) => assert.deepEqual(envFileWarnings(folder), []));
  inFolder(undefined, (folder) => assert.deepEqual(envFileWarnings(folder), []));
});
