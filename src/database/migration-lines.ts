import type { MigrationOutcome } from './migrate.ts';

/** What a start or `chodae migrate` changed about who can reach our tables, a line each. */
export function accessLines({ closedSchema, closedTables }: MigrationOutcome): string[] {
  const lines: string[] = [];
  if (closedSchema !== undefined) {
    lines.push(
      `CREATE on the schema ${closedSchema} was taken from PUBLIC, so that no other role can put a function in front of PostgreSQL's own (docs/guides/database.md).`,
    );
  }
  if (closedTables.length > 0) {
    lines.push(`Row level security turned on, so that Supabase's automatic REST API no longer serves: ${closedTables.join(', ')}.`);
  }
  return lines;
}
