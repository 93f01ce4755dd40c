import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/**
 * An embedded database in which nothing ever was, for `openEmbeddedDatabase({ template })`: loading it takes 0.7 s, making one 3 to 8 s.
 * Made once for each version of PGlite; test processes that make it at the same time each put a whole one in place.
 */
export async function embeddedTemplate(): Promise<Blob> {
  const file = path.join(cache, `embedded-${pgliteVersion()}.tar`);
  if (!existsSync(file)) await makeTemplate(file);
  return new Blob([readFileSync(file)], { type: 'application/x-tar' });
}

async function makeTemplate(file: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const pglite = await PGlite.create();
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
