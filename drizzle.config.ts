import { defineConfig } from 'drizzle-kit';

/** For `npx drizzle-kit generate | push | studio | check`: the schema as code and where its migrations go. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/database/schema.ts',
  out: './src/database/migrations',
  migrations: { schema: 'drizzle', table: '__drizzle_migrations' },
  dbCredentials: { url: process.env['DIRECT_URL'] || process.env['DATABASE_URL'] || 'postgresql://localhost:5432/postgres' },
});
