import assert from 'node:assert/strict';
import { type EmptyDatabase, emptyDatabase } from './empty-database.ts';
import { runChodae } from './run-chodae.ts';
import { type ServerOptions, type ServerProcess, startServer } from './server-process.ts';

/** The built program on a new database of the run's kind, with TEST001 to TEST005. */
export interface SeededServer {
  readonly url: string;
  readonly server: ServerProcess;
  readonly database: EmptyDatabase;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts it as the README says, limits included: the embedded database is seeded at start, PostgreSQL by `chodae seed`. */
export async function startSeededServer(options: Partial<ServerOptions> = {}): Promise<SeededServer> {
  const database = await emptyDatabase();
  const environment = { ...database.environment, BCRYPT_COST: '10', RATE_LIMIT: 'on', ...options.environment };
  try {
    if (database.kind !== 'embedded') {
      const seeded = await runChodae(['seed', '--yes'], { environment });
      assert.deepEqual([seeded.code, seeded.stderr], [0, '']);
    }
    const server = await startServer({ ...options, environment });
    return {
      url: server.url,
      server,
      database,
      async [Symbol.asyncDispose]() {
        try {
          await server[Symbol.asyncDispose]();
        } finally {
          await database.drop();
        }
      },
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}
