import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config/read-config.ts';
import type { Database } from '../src/database/database.ts';
import { openServices } from '../src/services.ts';

/** Writes the API document that the program serves to `.cache/openapi.json`, for the lint; no database is opened. */
const target = fileURLToPath(new URL('../.cache/openapi.json', import.meta.url));
const unusedDatabase = { close: async () => {} } as Partial<Database> as Database;
await using services = openServices(readConfig({}), pino({ level: 'silent' }), unusedDatabase);
const { http } = await buildApp(services);
await http.ready();
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(http.swagger(), null, 2)}\n`);
await http.close();
