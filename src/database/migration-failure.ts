import { isUnavailable, sqlstate } from './database-errors.ts';
import { SchemaError } from './schema-state.ts';
import { sqlstates } from './sqlstates.ts';

/**
 * Makes a sentence of what went wrong while the schema was looked at or brought up to date.
 * @returns a SchemaError where the server refused; the error as it is where the server could not be asked, or it is no error of a database.
 */
export function asSchemaError(error: unknown): unknown {
  const state = sqlstate(error);
  if (error instanceof SchemaError || state === undefined) return error;
  const said = error instanceof Error ? error.message : state;
  if (state === sqlstates.lockNotAvailable) {
    return new SchemaError(
      'The schema was not brought up to date, because an open transaction of another client holds one of the tables (a forgotten psql, a backup). Nothing was changed. End that transaction and start again; pg_stat_activity shows it.',
      { cause: error },
    );
  }
  if (state === sqlstates.insufficientPrivilege) {
    return new SchemaError(
      `The database role may not read or change the schema (${said}). Nothing was changed. Run \`npx chodae migrate\` once as the owner of the tables; docs/guides/database.md has the rights that the service itself needs.`,
      { cause: error },
    );
  }
  if (isUnavailable(error)) return error;
  return new SchemaError(`The schema was not brought up to date, and nothing was changed: ${said}.`, { cause: error });
}
