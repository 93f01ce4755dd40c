import { readFileSync } from 'node:fs';
import { embeddedFolder } from '../test/support/embedded-folder.ts';
import { type EmptyDatabase, emptyDatabase } from '../test/support/empty-database.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';
import { storeOperator } from '../test/support/stored-operator.ts';

/** The built program on a database of its own, with an operator key and an invitation that lets any number of people begin. */
export interface MeasuredServer extends AsyncDisposable {
  readonly url: string;
  readonly server: ServerProcess;
  readonly authorization: string;
  readonly code: string;
  /** MiB of memory that the process has right now. */
  memory(): number;
}

/** One seat: verifying it opens a sign-up and holds nothing. */
const code = 'BENCH';

async function prepare(query: EmptyDatabase['query']): Promise<string> {
  await query('INSERT INTO "Invitation" (code) VALUES ($1)', [code]);
  return (await storeOperator(query)).authorization;
}

export async function startMeasured(kind: 'embedded' | 'postgresql'): Promise<MeasuredServer> {
  const settings = { LOG_LEVEL: 'warn', BCRYPT_COST: '10', RATE_LIMIT: 'off' };
  const start = (environment: Readonly<Record<string, string>>) => startServer({ environment: { ...environment, ...settings } });
  if (kind === 'embedded') {
    const folder = await embeddedFolder();
    const authorization = await folder.whileClosed(prepare);
    return measured(await start(folder.environment), authorization, () => folder[Symbol.asyncDispose]());
  }
  const database = await emptyDatabase('postgresql');
  const server = await start(database.environment);
  return measured(server, await prepare(database.query), () => database.drop());
}

function measured(server: ServerProcess, authorization: string, drop: () => Promise<void>): MeasuredServer {
  return {
    url: server.url,
    server,
    authorization,
    code,
    memory: () => memoryOf(server),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await drop();
    },
  };
}

function memoryOf({ process: { pid } }: ServerProcess): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
