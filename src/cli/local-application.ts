import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { buildApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import { accessLines } from '../database/migration-lines.ts';
import { openDatabase } from '../database/open.ts';
import { firstContents } from '../invitations/seed-test-codes.ts';
import { openServices } from '../services.ts';

/** The whole application in this process, for one command. */
export interface LocalApplication extends AsyncDisposable {
  readonly socketPath: string;
  /** An admin's key that dies with this process. */
  readonly key: string;
}

/** Connections to PostgreSQL. */
const poolSize = 2;

/**
 * Opens the database of the settings, and the application on a socket that only this user can reach. A socket and not Fastify's `inject`
 * (light-my-request 6.8), whose requests cannot be broken off while an answer is under way: a bulk could not be interrupted.
 * @param announce prints a line where something takes visibly long.
 * @throws what `openDatabase` throws.
 */
export async function openLocalApplication(config: Config, announce: (line: string) => void): Promise<LocalApplication> {
  // One line of what went wrong, where something does; the command itself tells everything else.
  const log = pino({ level: config.logLevel === 'silent' ? 'silent' : 'error', base: null }, pino.destination({ dest: 2, sync: true }));
  const settings = config.database.kind === 'postgresql' ? { ...config.database, poolSize } : config.database;
  const { database, isNew, migration } = await openDatabase(settings, announce, firstContents(config));
  if (migration.applied > 0 && !isNew) announce(`Database schema: ${migration.applied} migrations applied.`);
  for (const line of accessLines(migration)) announce(line);
  // Only this command reaches the socket, and nothing on the way can read along.
  const services = openServices({ ...config, http: { ...config.http, forceHttps: false } }, log, database);
  const socket = makeSocket();
  try {
    const { http } = await buildApp(services);
    await http.listen({ path: socket.path });
    return {
      socketPath: socket.path,
      key: services.localKey,
      async [Symbol.asyncDispose]() {
        await http.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    socket.remove();
    await services[Symbol.asyncDispose]();
  }
}

/** The name of a socket in a new folder that only this user may enter. */
function makeSocket(): { path: string; remove(): void } {
  // Windows has sockets of this kind by name only.
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\chodae-${randomUUID()}`, remove() {} };
  const folder = mkdtempSync(path.join(tmpdir(), 'chodae-command-'));
  const remove = () => {
    process.off('exit', remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', remove);
  return { path: path.join(folder, 'api'), remove };
}
