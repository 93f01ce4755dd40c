import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedTemplate } from '../../test/support/embedded-template.ts';
import { newDeadline } from '../../test/support/new-deadline.ts';
import { Problem } from '../problems.ts';
import { statement } from './database.ts';
import { databaseProblems, sqlstate, uniqueViolationOf } from './database-errors.ts';
import { openEmbeddedDatabase } from './embedded.ts';
import { DataFolderError, embeddedMajor, lockFileName, markerFileName } from './embedded-folder.ts';
import { DatabaseInUseError } from './embedded-lock.ts';

const embeddedModule = new URL('./embedded.ts', import.meta.url).href;
const createNumbers = statement('create_numbers', 'CREATE TABLE numbers (value integer CONSTRAINT numbers_once UNIQUE, note text)');
const insertNumber = statement('insert_number', 'INSERT INTO numbers (value) VALUES ($1)');
const countNumbers = statement<{ count: number }>('count_numbers', 'SELECT count(*) FROM numbers');

function dataFolder() {
  const parent = mkdtempSync(join(tmpdir(), 'chodae-data-'));
  return { parent, directory: join(parent, 'data'), [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }) };
}

async function inMemory() {
  const database = await openEmbeddedDatabase({ directory: undefined, template: await embeddedTemplate() });
  return Object.assign(database, { [Symbol.asyncDispose]: () => database.close() });
}

const isDatabaseUnavailable = (error: unknown) => error instanceof Problem && error.kind === databaseProblems.database_unavailable;

/** Opens the folder in a process of its own, which sends what `code` tells it to. */
function spawnOpener(directory: string, code: string): ChildProcess {
  const program = `const { openEmbeddedDatabase } = await import(${JSON.stringify(embeddedModule)});
    const database = await openEmbeddedDatabase({ directory: ${JSON.stringify(directory)} }); ${code}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

test('a new folder is announced, kept to its owner, and found again', async () => {
  using folder = dataFolder();
  const lines: string[] = [];
  const first = await openEmbeddedDatabase({ directory: folder.directory, announce: (line) => lines.push(line) });
  assert.equal(first.isNew, true);
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.includes(folder.directory) && lines[0].includes('power cut'));
  assert.equal(statSync(folder.directory).mode & 0o777, 0o700);
  assert.match(first.description, new RegExp(`^embedded PostgreSQL ${embeddedMajor} .*${folder.directory}`));
  const [version] = await first.run(
    statement<{ version: string }>('version', "SELECT current_setting('server_version_num') AS version"),
    [],
    newDeadline(),
  );
  assert.equal(Math.floor(Number(version?.version) / 10_000), embeddedMajor);
  await first.run(createNumbers, [], newDeadline());
  await first.run(insertNumber, [1], newDeadline());
  await Promise.all([first.close(), first.close()]);
  assert.ok(!readdirSync(folder.directory).some((name) => name.startsWith(lockFileName)));

  const second = await openEmbeddedDatabase({ directory: folder.directory, announce: (line) => lines.push(line) });
  assert.equal(second.isNew, false);
  assert.equal(lines.length, 1);
  assert.deepEqual(await second.run(countNumbers, [], newDeadline()), [{ count: 1 }]);
  await second.close();
});

test('rows come in the types that the interface promises', async () => {
  await using database = await inMemory();
  const [row] = await database.run(
    statement(
      'types',
      `SELECT 9007199254740991::bigint AS big, count(*), ARRAY[1, 2]::bigint[] AS bigs, ARRAY['a', NULL] AS texts, '2001-02-03'::date AS day,
         timestamptz '2001-02-03 04:05:06Z' AS moment, $1::text AS nothing, $2::text[] AS given`,
    ),
    [null, ['x', 'y, z']],
    newDeadline(),
  );
  assert.deepEqual(row, {
    big: 9007199254740991,
    count: 1,
    bigs: [1, 2],
    texts: ['a', null],
    day: '2001-02-03',
    moment: new Date('2001-02-03T04:05:06Z'),
    nothing: null,
    given: ['x', 'y, z'],
  });
});

test('a transaction commits when its work resolves and rolls back when it rejects', async () => {
  await using database = await inMemory();
  await database.run(createNumbers, [], newDeadline());
  const result = await database.transaction(async (transaction) => {
    await transaction.run(insertNumber, [1]);
    return (await transaction.run(countNumbers))[0]?.count;
  }, newDeadline());
  assert.equal(result, 1);
  const failure = new Error('no');
  const undone = database.transaction(async (transaction) => {
    await transaction.run(insertNumber, [2]);
    throw failure;
  }, newDeadline());
  await assert.rejects(undone, failure);
  // A failed statement whose error was swallowed: COMMIT rolls back, and must not be taken for a success.
  const swallowed = database.transaction(async (transaction) => {
    await transaction.run(insertNumber, [3]);
    await transaction.run(insertNumber, [3]).catch(() => undefined);
  }, newDeadline());
  await assert.rejects(swallowed, (error) => sqlstate(error) === '25P02');
  assert.deepEqual(await database.run(countNumbers, [], newDeadline()), [{ count: 1 }]);
});

test('an error has its SQLSTATE and constraint and none of the values', async () => {
  await using database = await inMemory();
  await database.run(createNumbers, [], newDeadline());
  await database.run(insertNumber, [4711], newDeadline());
  const error: unknown = await database.run(insertNumber, [4711], newDeadline()).catch((reason: unknown) => reason);
  assert.equal(uniqueViolationOf(error), 'numbers_once');
  assert.ok(error instanceof Error && !`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes('4711'));
});

test('after close every call is refused as unavailable, and what came before it is finished', async () => {
  const database = await inMemory();
  await database.run(createNumbers, [], newDeadline());
  const before = database.transaction(async (transaction) => {
    await sleep(20);
    return transaction.run(countNumbers);
  }, newDeadline());
  const closing = database.close();
  await assert.rejects(database.run(countNumbers, [], newDeadline()), isDatabaseUnavailable);
  await assert.rejects(
    database.transaction(async () => undefined, newDeadline()),
    isDatabaseUnavailable,
  );
  assert.deepEqual(await before, [{ count: 0 }]);
  await closing;
  await assert.rejects(database.run(countNumbers, [], newDeadline()), isDatabaseUnavailable);
});

test('kill -9 in the middle of inserting loses no row that was acknowledged', async () => {
  using folder = dataFolder();
  const prepared = await openEmbeddedDatabase({ directory: folder.directory, template: await embeddedTemplate() });
  await prepared.run(createNumbers, [], newDeadline());
  await prepared.close();
  for (let round = 0, from = 0; round < 3; round++) {
    const child = spawnOpener(
      folder.directory,
      `for (let value = ${from}; ; value++) {
         await database.run({ name: 'insert', text: 'INSERT INTO numbers VALUES ($1, repeat(md5($2), 50))' }, [value, String(value)]);
         process.send(value);
       }`,
    );
    let acknowledged = -1;
    child.on('message', (value: number) => {
      acknowledged = value;
      if (value === from + 200 + 150 * round) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    const database = await openEmbeddedDatabase({ directory: folder.directory });
    const [{ count } = { count: 0 }] = await database.run(countNumbers, [], newDeadline());
    assert.ok(count > acknowledged && acknowledged >= from + 200, `${count} rows, acknowledged up to ${acknowledged}`);
    from = count;
    await database.close();
  }
});

test('a second opener is refused at once and told who the first is', async () => {
  using folder = dataFolder();
  const first = await openEmbeddedDatabase({ directory: folder.directory, template: await embeddedTemplate() });
  const refused: unknown = await openEmbeddedDatabase({ directory: folder.directory }).catch((error: unknown) => error);
  assert.ok(refused instanceof DatabaseInUseError && refused.message.includes(`process ${process.pid} `));
  const elsewhere = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--input-type=module', '-e'],
      `const { openEmbeddedDatabase } = await import(${JSON.stringify(embeddedModule)});
       await openEmbeddedDatabase({ directory: ${JSON.stringify(folder.directory)} }).catch((error) => console.log(error.message));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [output] = (await once(elsewhere.stdout, 'data')) as [Buffer];
  assert.ok(output.toString().includes(`in use by process ${process.pid} on `), output.toString());
  assert.deepEqual(await first.run(statement<{ one: number }>('one', 'SELECT 1 AS one'), [], newDeadline()), [{ one: 1 }]);
  await first.close();
});

test('a folder of another major version is refused with a sentence', async () => {
  using folder = dataFolder();
  for (const marker of [true, false]) {
    mkdirSync(folder.directory, { recursive: true });
    writeFileSync(join(folder.directory, 'PG_VERSION'), '17\n');
    if (marker) writeFileSync(join(folder.directory, markerFileName), '{"state":"ready","postgresql":17}');
    const before = readdirSync(folder.directory);
    await assert.rejects(openEmbeddedDatabase({ directory: folder.directory }), {
      name: 'DataFolderError',
      message: /holds a database of PostgreSQL 17, and this version of Chodae brings PostgreSQL 18.*DATA_DIR/s,
    });
    assert.deepEqual(readdirSync(folder.directory), before);
    rmSync(folder.directory, { recursive: true });
  }
});

test('a folder of another program is refused and stays as it is', async () => {
  using folder = dataFolder();
  const file = join(folder.parent, 'file');
  writeFileSync(file, '');
  await assert.rejects(openEmbeddedDatabase({ directory: file }), DataFolderError);
  for (const [name, content] of [
    ['thesis.txt', 'mine'],
    ['PG_VERSION', `${embeddedMajor}\n`],
  ] as const) {
    mkdirSync(folder.directory);
    writeFileSync(join(folder.directory, name), content);
    await assert.rejects(openEmbeddedDatabase({ directory: folder.directory }), {
      name: 'DataFolderError',
      message: new RegExp(`not made by Chodae \\(it holds ${name}\\).*DATA_DIR`, 's'),
    });
    assert.deepEqual(readdirSync(folder.directory), [name]);
    assert.equal(readFileSync(join(folder.directory, name), 'utf8'), content);
    rmSync(folder.directory, { recursive: true });
  }
});

test('a creation that was killed half way is begun again', async () => {
  using folder = dataFolder();
  mkdirSync(join(folder.directory, 'base', '1'), { recursive: true });
  writeFileSync(join(folder.directory, 'PG_VERSION'), `${embeddedMajor}\n`);
  writeFileSync(join(folder.directory, markerFileName), '{"state":"creating"}');
  writeFileSync(join(folder.directory, '.gitkeep'), '');
  const database = await openEmbeddedDatabase({ directory: folder.directory, template: await embeddedTemplate() });
  assert.equal(database.isNew, true);
  await database.run(createNumbers, [], newDeadline());
  await database.close();
  assert.ok(readdirSync(folder.directory).includes('.gitkeep'));
});

test('checkpoints keep the WAL small', async () => {
  using folder = dataFolder();
  const database = await openEmbeddedDatabase({ directory: folder.directory, template: await embeddedTemplate() });
  await database.run(createNumbers, [], newDeadline());
  // 250 MB of WAL without a checkpoint.
  const insertMany = statement('insert_many', "INSERT INTO numbers (note) SELECT repeat('x', 1000) FROM generate_series(1, 200)");
  for (let index = 0; index < 1_000; index++) await database.run(insertMany, [], newDeadline());
  await database.close();
  const wal = join(folder.directory, 'pg_wal');
  const sizes = readdirSync(wal).map((name) => statSync(join(wal, name)).size);
  const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
  assert.ok(megabytes < 100, `${megabytes} MB`);
});
