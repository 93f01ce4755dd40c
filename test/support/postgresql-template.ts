import { migratePostgresql } from '../../src/database/migrate.ts';
import { migrationsDigest } from './embedded-template.ts';
import { connect, withDatabase } from './empty-database.ts';

/** Makes the migrated database that others are copied from, once for each server and state of the migrations. A copy takes 60 ms, migrating 400. */
export async function migratedTemplateName(server: string): Promise<string> {
  const name = `template_${migrationsDigest()}`;
  const client = await connect(server);
  try {
    // Test files run at the same time; the lock ends with the connection.
    await client.query('SELECT pg_advisory_lock(4015161719)');
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) {
      const unfinished = `${name}_unfinished`;
      await client.query(`DROP DATABASE IF EXISTS ${unfinished}`);
      await client.query(`CREATE DATABASE ${unfinished}`);
      const made = await connect(withDatabase(server, unfinished));
      await migratePostgresql(made).finally(() => made.end());
      await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
    }
    return name;
  } finally {
    await client.end();
  }
}
