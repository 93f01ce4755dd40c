import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { migrateEmbedded } from '../../src/database/migrate.ts';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));
const migrations = fileURLToPath(new URL('../../src/database/migrations', import.meta.url));

/**
 * An empty embedded database, for `openEmbeddedDatabase({ template })`: loading it takes 0.7 s, making one 3 to 8 s.
 * Made once for each version of PGlite; processes that make it at the same time each put a whole one in place.
 */
export async function embeddedTemplate(): Promise<Blob> {
  return template(`embedded-${pgliteVersion()}.tar`, async () => {});
}

/** The same with an up-to-date schema; created once per state of the migrations. */
export async function migratedTemplate(): Promise<Blob> {
  return template(`embedded-${pgliteVersion()}-${migrationsDigest()}.tar`, async (pglite) => void (await migrateEmbedded(pglite)));
}

/** @returns a short name of the committed migrations: another one for each change. */
export function migrationsDigest(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(migrations).sort())
    if (file.endsWith('.sql')) hash.update(file).update(readFileSync(path.join(migrations, file)));
  return hash.digest('hex').slice(0, 12);
}

async function template(name: string, prepare: (pglite: PGlite) => Promise<void>): Promise<Blob> {
  const file = path.join(cache, name);
  if (!existsSync(file)) await makeTemplate(file, prepare);
  return new Blob([readFileSync(file)], { type: 'application/x-tar' });
}

async function makeTemplate(file: string, prepare: (pglite: PGlite) => Promise<void>): Promise<void> {
  await mkdir(cache, { recursive: true });
  const pglite = await PGlite.create();
  await prepare(pglite);
  // Uncompressed (40 MB instead of 5): half a second less at each loading.
  const dump = await pglite.dumpDataDir('none');
  await pglite.close();
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, new Uint8Array(await dump.arrayBuffer()));
  await rename(unfinished, file);
}

function pgliteVersion(): string {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const manifest = path.join(main.slice(0, main.lastIndexOf(`${path.sep}dist${path.sep}`)), 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
