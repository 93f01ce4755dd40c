import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOriginalTables, originalTables, readOriginalRows } from '../support/original-database.ts';
import { fillOriginalTables } from '../support/original-rows.ts';
import { type Ask, unmigratedDatabase } from '../support/unmigrated-database.ts';

/** Everything about the original's tables that a client may name: columns, constraints, indexes, sequences. */
async function readOriginalNames(ask: Ask): Promise<Record<string, unknown>> {
  const names = Object.keys(originalTables);
  const inTables = `= ANY (ARRAY[${names.map((name) => `'${name}'`).join(', ')}]::name[])`;
  const columns = await ask<{ table: string; column: string }>(`
    SELECT table_name AS table, column_name AS column, ordinal_position, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_name ${inTables} ORDER BY table_name, ordinal_position`);
  const isOriginal = ({ table, column }: { table: string; column: string }) =>
    (originalTables[table as keyof typeof originalTables].columns as readonly string[]).includes(column);
  return {
    columns: columns.filter(isOriginal),
    sequences: await ask(`SELECT sequencename, data_type, start_value, increment_by, last_value FROM pg_sequences
      WHERE sequencename IN ('Invitation_id_seq', 'User_id_seq') ORDER BY 1`),
    owned: await ask(`SELECT pg_get_serial_sequence('"User"', 'id') AS users, pg_get_serial_sequence('"Invitation"', 'id') AS invitations`),
  };
}

const readConstraints = (ask: Ask) =>
  ask<{ definition: string }>(`
    SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid::regclass::text IN ('"Invitation"', '"RegisterSession"', '"User"') UNION ALL SELECT indexdef FROM pg_indexes
    WHERE tablename IN ('Invitation', 'RegisterSession', 'User') ORDER BY 1`).then((rows) => rows.map((row) => row.definition));

for (const withPrismaLedger of [false, true]) {
  const how = withPrismaLedger ? 'prisma migrate' : 'prisma db push';
  test(`a database made by ${how} is upgraded in place, its rows and names untouched`, async () => {
    await using database = await unmigratedDatabase();
    const { ask } = database;
    await createOriginalTables(ask, { withPrismaLedger });
    await fillOriginalTables(ask);
    const before = { rows: await readOriginalRows(ask), names: await readOriginalNames(ask), constraints: await readConstraints(ask) };
    for (const { rows } of Object.values(before.rows)) assert.ok(rows.length >= 10);

    assert.ok((await database.migrate()).applied > 0);
    assert.deepEqual(await readOriginalRows(ask), before.rows);
    assert.deepEqual(await readOriginalNames(ask), before.names);
    const constraints = await readConstraints(ask);
    assert.deepEqual(
      before.constraints.filter((definition) => !constraints.includes(definition)),
      [],
    );
    if (withPrismaLedger)
      assert.deepEqual(await ask('SELECT migration_name FROM _prisma_migrations'), [{ migration_name: '20251102000000_init' }]);
    await assertNewColumns(ask);

    assert.deepEqual(await database.migrate(), { applied: 0, closedTables: [] });
    assert.deepEqual(await readOriginalRows(ask), before.rows);
  });
}

/** The age of old rows is unknown; they keep the rights they had. */
async function assertNewColumns(ask: Ask): Promise<void> {
  assert.deepEqual(
    await ask(
      `SELECT DISTINCT created_at, starts_at, expires_at, revoked_at, max_uses, use_count, campaign, note, phone, created_by FROM "Invitation"`,
    ),
    [
      {
        created_at: null,
        starts_at: null,
        expires_at: null,
        revoked_at: null,
        max_uses: 1,
        use_count: 0,
        campaign: null,
        note: null,
        phone: null,
        created_by: null,
      },
    ],
  );
  assert.deepEqual(await ask('SELECT DISTINCT created_at, phone_key FROM "User"'), [{ created_at: null, phone_key: null }]);
  const [sessions] = await ask(`
    SELECT count(*) = count(DISTINCT attempt) AS attempts_differ, bool_and(expires_at = created_at + interval '30 minutes') AS half_an_hour,
      bool_and(created_at BETWEEN now() - interval '5 minutes' AND now()) AS from_now
    FROM "RegisterSession"`);
  assert.deepEqual(sessions, { attempts_differ: true, half_an_hour: true, from_now: true });
  // New rows have it.
  assert.deepEqual(await ask(`INSERT INTO "Invitation" (code) VALUES ('new') RETURNING created_at IS NOT NULL AS knows`), [
    { knows: true },
  ]);
  await ask(`DELETE FROM "Invitation" WHERE code = 'new'`);
}
