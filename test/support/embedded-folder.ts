import { statement } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import type { EmptyDatabase } from './empty-database.ts';
import { newDeadline } from './new-deadline.ts';

/** A folder with an embedded database, for servers that the test starts and kills. */
export interface EmbeddedFolder {
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Works on the database, its schema up to date, while no server has it open. */
  whileClosed<T>(work: (query: EmptyDatabase['query']) => Promise<T>): Promise<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function embeddedFolder(): Promise<EmbeddedFolder> {
  const fresh: FreshDatabase = await freshDatabase('embedded');
  return {
    environment: fresh.environment,
    directory: fresh.environment.DATA_DIR ?? '',
    async whileClosed(work) {
      const { database } = await openDatabase(fresh.config, () => {});
      try {
        return await work((sql, values) => database.run(statement('test', sql), values ?? [], newDeadline()));
      } finally {
        await database.close();
      }
    },
    [Symbol.asyncDispose]: () => fresh.drop(),
  };
}
