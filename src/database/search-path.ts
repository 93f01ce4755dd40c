import pg from 'pg';
import type { PostgresqlAddress } from '../config/config.ts';
import type { Query } from './schema-state.ts';

/**
 * The `search_path` of our connections: one schema, by its name, so that a schema that another role makes later (`"$user"` is the first entry by
 * default) changes nothing. `pg_catalog` is searched before it, and temporary tables after it.
 */
export function searchPathOf(schema: string): string {
  return `${pg.escapeIdentifier(schema)},pg_temp`;
}

/** Only PostgreSQL's own functions and operators: for statements that run before we know what other roles have put into the schema. */
const catalogOnly = 'pg_catalog,pg_temp';

/** The schemas in which a connection looks for names, as it was made: only those that exist and that its role may use. */
export async function schemasOnPath(query: Query): Promise<string[]> {
  const [row] = await query<{ names: string[] }>('SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)) AS names');
  return row?.names ?? [];
}

/**
 * The schemas in which connections to an address look for names, our tables' first. A direct connection is told one when it is made; a transaction
 * pooler takes no start-up parameters, so behind one they are all that the server's settings name.
 */
export async function schemasUsed(query: Query, { schema, transactionPooler }: PostgresqlAddress): Promise<readonly string[]> {
  if (schema !== undefined) return [schema];
  const found = await schemasOnPath(query);
  return transactionPooler ? found : found.slice(0, 1);
}

/** For the transaction under way. @param schema undefined: `pg_catalog` alone. */
export async function setSearchPath(query: Query, schema: string | undefined): Promise<void> {
  await query(`SET LOCAL search_path = ${schema === undefined ? catalogOnly : searchPathOf(schema)}`);
}

/** Runs work in a transaction that begins with `pg_catalog` alone on its search path; works through a transaction pooler, too. */
export async function inCatalogTransaction<T>(query: Query, work: () => Promise<T>): Promise<T> {
  await query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    await setSearchPath(query, undefined);
    const result = await work();
    await query('COMMIT');
    return result;
  } catch (error) {
    await query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
