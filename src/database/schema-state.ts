/** Runs one SQL text without parameters. */
export type Query = <Row>(text: string) => Promise<Row[]>;

/** The schema cannot be used as it is; the message says what to do. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** What the ledger of migrations says. */
export interface SchemaState {
  /** The table in which the ORM's kit keeps what was applied, quoted where it must be; undefined where the connection sees no schema at all. */
  readonly ledger: string | undefined;
  /** Milliseconds that name the migrations applied, oldest first. */
  readonly applied: readonly number[];
  /** The last of them; 0 where none was. */
  readonly newestMigration: number;
}

const elsewhere = 'Use another database, or another schema (…?schema=chodae in DATABASE_URL).';

/**
 * Reads what was applied and refuses what must not be migrated or served. Reads only, so that a role without the right to change the schema can
 * do it.
 * @param known the moments of this program's migrations, oldest first.
 * @throws SchemaError where the schema is newer than this program, or the tables belong to another program.
 */
export async function inspectSchema(query: Query, known: readonly number[]): Promise<SchemaState> {
  const state = await readSchemaState(query);
  if (state.applied.length > 0 && !state.applied.some((moment) => known.includes(moment))) {
    throw new SchemaError(`The table ${state.ledger} lists the migrations of another program and none of Chodae's. ${elsewhere}`);
  }
  await refuseHalfDatabase(query, state);
  if (state.applied.length === 0) await refuseForeignTables(query);
  if (state.newestMigration > (known.at(-1) ?? 0)) {
    throw new SchemaError(
      'The database was migrated by a newer version of Chodae than this one, which could damage it. Start the newer version, or restore the backup that you made before the upgrade.',
    );
  }
  return state;
}

/**
 * The kit knows one ledger for a database. Where our tables are in a schema of their own (`?schema=`) the ledger is there too, because every
 * such schema is migrated for itself.
 */
async function readSchemaState(query: Query): Promise<SchemaState> {
  const [place] = await query<{ ledger: string | null; present: boolean }>(`
    SELECT quote_ident(place.schema) || '.__drizzle_migrations' AS ledger,
      EXISTS (SELECT FROM pg_tables WHERE schemaname = place.schema AND tablename = '__drizzle_migrations') AS present
    FROM (SELECT CASE current_schema() WHEN 'public' THEN 'drizzle' ELSE current_schema() END AS schema) AS place`);
  const ledger = place?.ledger ?? undefined;
  if (!place?.present) return { ledger, applied: [], newestMigration: 0 };
  const rows = await query<{ moment: string | number }>(`SELECT created_at AS moment FROM ${ledger} ORDER BY created_at`);
  const applied = rows.map((row) => Number(row.moment));
  return { ledger, applied, newestMigration: applied.at(-1) ?? 0 };
}

/** @throws SchemaError where one of the tables and the ledger is there without the other: what has to be done cannot be told. */
async function refuseHalfDatabase(query: Query, { ledger, applied }: SchemaState): Promise<void> {
  const [found] = await query<{ tables: boolean; migrated: boolean }>(`
    SELECT count(*) > 0 AS tables, count(*) FILTER (WHERE attname = 'max_uses') > 0 AS migrated
    FROM pg_attribute WHERE attrelid = to_regclass('"Invitation"') AND NOT attisdropped`);
  if (applied.length > 0 && !found?.tables) {
    throw new SchemaError(
      `The tables of Chodae are gone, but the list of migrations (${ledger}) says that they are there. Restore a backup. Or, to begin with empty tables, drop that list as well: DROP TABLE ${ledger}`,
    );
  }
  if (applied.length === 0 && found?.migrated) {
    throw new SchemaError(
      `The tables of Chodae are there, but the list of migrations (${ledger}) is not: they come from a backup without it, or from \`drizzle-kit push\`. Restore the backup together with the schema "drizzle", or begin with an empty database.`,
    );
  }
}

/** Columns by the category of their type: N number, S text, B boolean (pg_type.typcategory). */
const originalColumns: Readonly<Record<string, Readonly<Record<string, 'N' | 'S' | 'B'>>>> = {
  Invitation: { id: 'N', code: 'S', is_used: 'B', used_by: 'N' },
  RegisterSession: { sessionId: 'S', invitationId: 'N', name: 'S', password: 'S', birthday: 'S', phone: 'S' },
  User: { id: 'N', name: 'S', password: 'S', birthday: 'S', phone: 'S', invitationId: 'N' },
};

interface ColumnFound {
  readonly name: string;
  readonly category: string;
  readonly type: string;
}

/** @throws SchemaError where a table of one of the original's names exists but lacks the original's columns: it belongs to another program. */
async function refuseForeignTables(query: Query): Promise<void> {
  for (const [table, columns] of Object.entries(originalColumns)) {
    const found = await query<ColumnFound>(`
      SELECT attname AS name, typcategory AS category, format_type(atttypid, atttypmod) AS type
      FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
      WHERE attrelid = to_regclass('"${table}"') AND attnum > 0 AND NOT attisdropped`);
    if (found.length === 0) continue;
    const mistake = foreignness(table, columns, found);
    if (mistake) throw new SchemaError(`${mistake}, so it belongs to another program. ${elsewhere}`);
  }
}

/**
 * Our connections look into the first schema of the search path only: new tables would be made there, and the rows of the old ones no longer seen.
 * @param query with `pg_catalog` alone on its search path.
 * @param schemas on the search path that the server's settings give.
 * @throws SchemaError where the original's tables are in a later one.
 */
export async function refuseTablesBehind(query: Query, [first, ...later]: readonly string[]): Promise<void> {
  if (first === undefined || later.length === 0) return;
  const places = await query<{ schema: string }>(`
    SELECT nspname AS schema FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relname = 'Invitation' AND attname = 'is_used'`);
  const aside = later.find((schema) => places.some((place) => place.schema === schema));
  if (aside === undefined || places.some(({ schema }) => schema === first)) return;
  throw new SchemaError(
    `The table "Invitation" is in the schema ${aside}, which is not the first one of this connection's search path. Add ?schema=${aside} to DATABASE_URL.`,
  );
}

function foreignness(table: string, columns: Readonly<Record<string, string>>, found: readonly ColumnFound[]): string | undefined {
  const missing = Object.keys(columns).filter((name) => !found.some((column) => column.name === name));
  if (missing.length > 0)
    return `The database has a table "${table}" without the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`;
  const other = found.find(({ name, category }) => columns[name] !== undefined && columns[name] !== category);
  return other && `The database has a table "${table}" whose column ${other.name} is of the type ${other.type}`;
}
