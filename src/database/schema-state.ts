/** Runs one SQL text without parameters. */
export type Query = <Row>(text: string) => Promise<Row[]>;

/** The schema cannot be used as it is; the message says what to do. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

export interface SchemaState {
  /** Milliseconds that name the newest migration applied; 0 where none was. */
  readonly newestMigration: number;
}

/** Reads only, so that a role without the right to change the schema can do it. */
export async function readSchemaState(query: Query): Promise<SchemaState> {
  const [ledger] = await query<{ present: boolean }>(`SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS present`);
  if (!ledger?.present) return { newestMigration: 0 };
  const [newest] = await query<{ moment: string | number | null }>('SELECT max(created_at) AS moment FROM drizzle.__drizzle_migrations');
  return { newestMigration: Number(newest?.moment ?? 0) };
}

/** @throws SchemaError where the database was migrated by a newer version of this program. */
export function refuseNewerSchema(state: SchemaState, known: readonly number[]): void {
  const newestKnown = known.at(-1) ?? 0;
  if (state.newestMigration <= newestKnown) return;
  throw new SchemaError(
    'The database was migrated by a newer version of Chodae than this one, which could damage it. Start the newer version, or restore the backup that you made before the upgrade.',
  );
}

const originalColumns: Readonly<Record<string, readonly string[]>> = {
  Invitation: ['id', 'code', 'is_used', 'used_by'],
  RegisterSession: ['sessionId', 'invitationId', 'name', 'password', 'birthday', 'phone'],
  User: ['id', 'name', 'password', 'birthday', 'phone', 'invitationId'],
};

/** @throws SchemaError where a table of one of the original's names exists but lacks the original's columns: it belongs to another program. */
export async function refuseForeignTables(query: Query): Promise<void> {
  for (const [table, columns] of Object.entries(originalColumns)) {
    const rows = await query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass('"${table}"') AND attnum > 0 AND NOT attisdropped`,
    );
    if (rows.length === 0) continue;
    const missing = columns.filter((column) => !rows.some((row) => row.name === column));
    if (missing.length > 0) {
      throw new SchemaError(
        `The database has a table "${table}" without the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}, so it belongs to another program. Use another database, or another schema (…?schema=chodae in DATABASE_URL).`,
      );
    }
  }
}
