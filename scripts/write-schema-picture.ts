// `npm run schema:picture`: writes docs/reference/schema.sql from an embedded database that the committed migrations have made.
import { writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { migrateEmbedded } from '../src/database/migrate.ts';
import { drawSchema } from './schema-picture.ts';

const pglite = await PGlite.create();
await migrateEmbedded(pglite);
const picture = await drawSchema(async (sql) => (await pglite.query(sql)).rows as never);
writeFileSync(new URL('../docs/reference/schema.sql', import.meta.url), picture);
await pglite.close();
