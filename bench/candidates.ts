import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findPostgresqlBinaries } from '../test/support/postgresql-binaries.ts';
import { temporaryFolder } from '../test/support/temporary.ts';
import type { BenchDatabase } from './databases.ts';
import { type MeasuredProcess, startProcess } from './measured-process.ts';
import { type PeerStatement, pgbenchScript } from './verify-statement.ts';

/** The peers: each is installed with its pinned versions into `.cache/bench`, outside of what the product installs. */

const run = promisify(execFile);
const peersFolder = fileURLToPath(new URL('peers', import.meta.url));
const cacheFolder = fileURLToPath(new URL('../.cache/bench', import.meta.url));
const python = ['python3.13', 'python3.12', 'python3.11'].find((name) => spawnSync(name, ['--version']).status === 0);

/** @returns why the original cannot be measured here; undefined where it can. */
export const whyNoOriginal = python === undefined ? 'needs Python 3.11, 3.12 or 3.13' : undefined;

/** Installs a peer where its list of versions has changed since. @returns its folder. */
async function installed(peer: string, files: readonly string[], install: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = path.join(cacheFolder, peer);
  const stamp = path.join(folder, 'installed');
  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(path.join(peersFolder, peer, file), path.join(folder, file));
  const [versions = ''] = files;
  const wanted = readFileSync(path.join(folder, versions), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  await install(folder);
  writeFileSync(stamp, wanted);
  return folder;
}

const installNodePeer = (peer: string) =>
  installed(peer, ['package.json', 'server.mjs'], (folder) =>
    run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: folder }),
  );

async function startNodePeer(peer: string, settings: Readonly<Record<string, string>>): Promise<MeasuredProcess> {
  const folder = await installNodePeer(peer);
  return startProcess([process.execPath, path.join(folder, 'server.mjs')], settings, '/', folder);
}

/** Bare Fastify and pg with one statement. */
export function startBare(database: BenchDatabase, statement: PeerStatement): Promise<MeasuredProcess> {
  return startNodePeer('bare-fastify', { DATABASE_URL: database.url, STATEMENT: JSON.stringify(statement) });
}

export function startBetterAuth(database: BenchDatabase, cost: number): Promise<MeasuredProcess> {
  return startNodePeer('better-auth', { DATABASE_URL: database.url, BCRYPT_COST: String(cost) });
}

/** The original, rebuilt. */
export async function startOriginal(database: BenchDatabase, workers: number, cost: number): Promise<MeasuredProcess> {
  const folder = await installed('original', ['requirements.txt', 'main.py'], async (own) => {
    await run(python ?? 'python3', ['-m', 'venv', 'venv'], { cwd: own });
    await run('venv/bin/pip', ['install', '--quiet', '--requirement', 'requirements.txt'], { cwd: own });
  });
  const command = [path.join(folder, 'venv/bin/uvicorn'), 'main:app', '--port', '{port}', '--workers', String(workers)];
  return startProcess(command, { DATABASE_URL: database.url, BCRYPT_COST: String(cost) }, '/docs', folder);
}

/** @returns transactions a second that pgbench makes with 10 connections. */
export async function runPgbench(database: BenchDatabase, statement: PeerStatement, codes: number, seconds: number): Promise<number> {
  const folder = temporaryFolder('pgbench');
  const script = path.join(folder.path, 'script.sql');
  writeFileSync(script, pgbenchScript(statement, codes));
  const program = path.join(findPostgresqlBinaries() ?? '', 'pgbench');
  const options = ['--no-vacuum', '--protocol=prepared', '--client=10', `--time=${Math.max(1, Math.round(seconds))}`, `--file=${script}`];
  const { stdout } = await run(program, [...options, database.url]).finally(folder.remove);
  const rate = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
  if (rate === undefined || /number of failed transactions: [1-9]/.test(stdout)) throw new Error(`pgbench: ${stdout}`);
  return Number(rate);
}

const hashLoop = `const [cost, seconds] = process.argv.slice(1).map(Number);
const bcrypt = require('bcrypt');
let hashes = 0;
const begun = performance.now();
while (performance.now() < begun + seconds * 1000) { bcrypt.hashSync('wet-lantern-orbit-41', cost); hashes += 1; }
console.log((hashes * 1000) / (performance.now() - begun));`;

/** @returns hashes a second of the library that the service uses, with a process for each core and nothing else. */
export async function runRawBcrypt(cost: number, seconds: number): Promise<number> {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const one = async () => Number((await run(process.execPath, ['-e', hashLoop, String(cost), String(seconds)], { cwd })).stdout);
  const rates = await Promise.all(Array.from({ length: availableParallelism() }, one));
  return rates.reduce((sum, rate) => sum + rate, 0);
}
