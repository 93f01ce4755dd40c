import type { Command } from 'commander';
import type { Config, PostgresqlConfig } from '../config/config.ts';
import { DiagnosisError, diagnosePostgresql, type PostgresqlDiagnosis } from '../database/diagnose.ts';
import { DataFolderError, inspectDataFolder } from '../database/embedded-folder.ts';
import { lockHolder } from '../database/embedded-lock.ts';
import { measureHashMilliseconds } from '../passwords/hasher.ts';
import { exitCodes, Misuse } from './exit-codes.ts';
import { printResult } from './output.ts';
import { painter } from './paint.ts';
import { settingsFromHere } from './settings.ts';

/** One thing that was looked at; `advice` says what to do where it is not `ok`. */
interface Finding {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly message: string;
  readonly advice?: string;
}

/** `chodae doctor`: looks at settings, machine and database, changes nothing, and exits 1 where something would not work. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at settings, machine and database, and say what to mend')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine();
      printResult(options.json, { findings }, findings.flatMap(lines));
      if (findings.some((finding) => finding.verdict === 'problem')) process.exitCode = exitCodes.refusal;
    });
}

const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const;

function lines({ name, verdict, message, advice }: Finding): string[] {
  const [colour, mark] = marks[verdict];
  const shown = painter(process.stdout)(colour, mark);
  return [`${shown} ${name}: ${message}`, ...(advice ? [`    ${advice}`] : [])];
}

async function examine(): Promise<Finding[]> {
  let config: Config;
  try {
    config = settingsFromHere();
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    return [{ name: 'settings', verdict: 'problem', message: error.message, advice: 'See docs/configuration.md.' }];
  }
  const database =
    config.database.kind === 'embedded' ? examineEmbedded(config.database.directory) : await examinePostgresql(config.database);
  return [{ name: 'settings', verdict: 'ok', message: 'every setting can be used' }, ...database, await examineHashing(config)];
}

function examineEmbedded(directory: string): Finding[] {
  return [
    embeddedFinding(directory),
    {
      name: 'durability',
      verdict: 'warning',
      message:
        'the embedded database survives a killed process; it makes no promise about a power cut, because it does not wait for the disk',
      advice: 'For people who count on their accounts, set DATABASE_URL to a PostgreSQL server.',
    },
  ];
}

function embeddedFinding(directory: string): Finding {
  try {
    const isReady = inspectDataFolder(directory) === 'ready';
    const holder = lockHolder(directory);
    const state = holder ? `, in use by process ${holder.pid} on ${holder.host}` : isReady ? '' : ', made at the first start';
    return { name: 'database', verdict: 'ok', message: `embedded, in ${directory}${state}` };
  } catch (error) {
    if (!(error instanceof DataFolderError)) throw error;
    return { name: 'database', verdict: 'problem', message: error.message };
  }
}

async function examinePostgresql(config: PostgresqlConfig): Promise<Finding[]> {
  try {
    return findingsOf(await diagnosePostgresql(config), config);
  } catch (error) {
    if (!(error instanceof DiagnosisError)) throw error;
    return [{ name: 'database', verdict: 'problem', message: error.message }];
  }
}

function findingsOf(seen: PostgresqlDiagnosis, { poolSize }: PostgresqlConfig): Finding[] {
  const version = `PostgreSQL ${Math.floor(seen.versionNumber / 10_000)}`;
  const roundTrip = `${seen.roundTripMilliseconds.toFixed(1)} ms a round trip`;
  return [
    seen.versionNumber >= 130_000
      ? { name: 'database', verdict: 'ok', message: `${version}, ${roundTrip}` }
      : { name: 'database', verdict: 'problem', message: `${version} is too old`, advice: 'Use PostgreSQL 13 or newer.' },
    schemaFinding(seen),
    seen.rowsHidden
      ? {
          name: 'row level security',
          verdict: 'problem',
          message: 'row level security hides our own tables from the role of DATABASE_URL, so every code would look unknown',
          advice: 'Connect as the owner of the tables, the role that ran the migration, or write policies for the role: docs/database.md.',
        }
      : openTablesFinding(seen),
    rightsFinding(seen),
    seen.unsafeSettings.length > 0
      ? {
          name: 'durability',
          verdict: 'warning',
          message: `the server has ${seen.unsafeSettings.join(', ')} off: an acknowledged sign-up can be lost`,
          advice: 'Turn it on in postgresql.conf.',
        }
      : { name: 'durability', verdict: 'ok', message: 'fsync, full_page_writes and synchronous_commit are on' },
    poolSize > seen.maximumConnections / 2
      ? {
          name: 'connections',
          verdict: 'warning',
          message: `DATABASE_POOL_SIZE is ${poolSize} and the server allows ${seen.maximumConnections}: a second process may find none left`,
          advice: 'Keep processes × DATABASE_POOL_SIZE well below max_connections.',
        }
      : { name: 'connections', verdict: 'ok', message: `${poolSize} a process of ${seen.maximumConnections} that the server allows` },
  ];
}

function schemaFinding({ pendingMigrations, schemaMistake }: PostgresqlDiagnosis): Finding {
  if (schemaMistake !== undefined) return { name: 'schema', verdict: 'problem', message: schemaMistake };
  if (pendingMigrations === 0) return { name: 'schema', verdict: 'ok', message: 'up to date' };
  const message = `${pendingMigrations} migrations are pending`;
  return { name: 'schema', verdict: 'warning', message, advice: 'The next start applies them, or run: npx chodae migrate' };
}

function rightsFinding({ missingRights }: PostgresqlDiagnosis): Finding {
  if (missingRights.length === 0) return { name: 'rights', verdict: 'ok', message: 'the role of DATABASE_URL lacks none' };
  return {
    name: 'rights',
    verdict: 'problem',
    message: `the role of DATABASE_URL lacks ${missingRights.join(', ')}`,
    advice: 'Grant them as the owner of the tables: docs/database.md has the statements.',
  };
}

function openTablesFinding({ openTables }: PostgresqlDiagnosis): Finding {
  if (openTables.length === 0) return { name: 'row level security', verdict: 'ok', message: 'no automatic REST API can read the tables' };
  return {
    name: 'row level security',
    verdict: 'problem',
    message: `Supabase's automatic REST API serves ${openTables.join(', ')} to anybody who has the project's public key, password hashes included`,
    advice: 'Run: npx chodae migrate',
  };
}

async function examineHashing({ passwords }: Config): Promise<Finding> {
  const milliseconds = Math.round(await measureHashMilliseconds(passwords.bcryptCost));
  const message = `one hash at cost ${passwords.bcryptCost} takes ${milliseconds} ms on this machine`;
  // OWASP's Password Storage Cheat Sheet: less than a second; we aim at a quarter, so that a launch day is bearable.
  if (milliseconds <= 500) return { name: 'password hashing', verdict: 'ok', message };
  return { name: 'password hashing', verdict: 'warning', message, advice: 'Lower BCRYPT_COST (10 at least), or use more cores.' };
}
