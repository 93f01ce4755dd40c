import type { Config, PostgresqlConfig } from '../../config/config.ts';
import {
  DiagnosisError,
  diagnosePostgresql,
  OpenToOtherRolesError,
  type PostgresqlDiagnosis,
  type RowsSeen,
} from '../../database/diagnose.ts';
import { DataFolderError, inspectDataFolder } from '../../database/embedded-folder.ts';
import { lockHolder } from '../../database/embedded-lock.ts';
import { adviceFor, describeOpenings, type Opening } from '../../database/other-roles.ts';
import { examineEncryption } from './examine-encryption.ts';
import { type Finding, pages } from './finding.ts';

/** Looks at the database of the settings; changes nothing. */
export async function examineDatabase(config: Config): Promise<Finding[]> {
  if (config.database.kind === 'embedded') return examineEmbedded(config.database.directory);
  try {
    return [...findingsOf(await diagnosePostgresql(config.database), config.database, config), examineEncryption(config.database)];
  } catch (error) {
    if (error instanceof OpenToOtherRolesError) return [openingsFinding(error.openings)];
    if (!(error instanceof DiagnosisError)) throw error;
    return [{ name: 'database', verdict: 'problem', message: error.message, page: pages.address }];
  }
}

async function examineEmbedded(directory: string): Promise<Finding[]> {
  return [
    await embeddedFinding(directory),
    {
      name: 'durability',
      verdict: 'warning',
      message:
        'the embedded database survives a killed process; it makes no promise about a power cut, because it does not wait for the disk',
      advice: 'For people who count on their accounts, set DATABASE_URL to a PostgreSQL server.',
      page: pages.database,
    },
  ];
}

async function embeddedFinding(directory: string): Promise<Finding> {
  const named = { name: 'database', page: pages.database };
  try {
    const isReady = inspectDataFolder(directory) === 'ready';
    const holder = await lockHolder(directory);
    const state = holder
      ? `, in use by process ${holder.pid}${holder.host === undefined ? '' : ` on ${holder.host}`}`
      : isReady
        ? ''
        : ', made at the first start';
    return { ...named, verdict: 'ok', message: `embedded, in ${directory}${state}` };
  } catch (error) {
    if (!(error instanceof DataFolderError)) throw error;
    return { ...named, verdict: 'problem', message: error.message };
  }
}

function findingsOf(seen: PostgresqlDiagnosis, { poolSize, runtime }: PostgresqlConfig, { process, retention }: Config): Finding[] {
  const version = `PostgreSQL ${Math.floor(seen.versionNumber / 10_000)}`;
  const roundTrip = `${seen.roundTripMilliseconds.toFixed(1)} ms a round trip`;
  return [
    seen.versionNumber >= 130_000
      ? { name: 'database', verdict: 'ok', message: `${version}, ${roundTrip}`, page: pages.database }
      : {
          name: 'database',
          verdict: 'problem',
          message: `${version} is too old`,
          advice: 'Use PostgreSQL 13 or newer.',
          page: pages.database,
        },
    schemaFinding(seen),
    rowSecurityFinding(seen),
    rightsFinding(seen),
    otherRolesFinding(seen),
    durabilityFinding(seen),
    runtime.transactionPooler
      ? pooledConnectionsFinding(poolSize * process.workers)
      : connectionsFinding(poolSize, process.workers, seen.maximumConnections),
    clockFinding(seen.clockDifferenceSeconds),
    ...(seen.rows ? [codesFinding(seen.rows), ...retentionFindings(seen.rows, retention.auditSeconds), seatsFinding(seen.rows)] : []),
  ];
}

/** Many people who begin at once look the same for a minute or two. */
function seatsFinding({ idleHolds }: RowsSeen): Finding {
  const named = { name: 'seats', page: pages.seats };
  const [first] = idleHolds;
  if (!first) return { ...named, verdict: 'ok', message: 'few are held by sign-ups without a step' };
  const places = idleHolds.map(({ invitation_id, seats, unused }) => `${seats} of ${unused} of invitation ${invitation_id}`);
  return {
    ...named,
    verdict: 'warning',
    message: `many are held by sign-ups without a step: ${places.join(', ')}`,
    advice: `Look at them with: npx chodae session list --invitation ${first.invitation_id}`,
  };
}

function schemaFinding({ pendingMigrations, schemaMistake }: PostgresqlDiagnosis): Finding {
  const named = { name: 'schema', page: pages.migrations };
  if (schemaMistake !== undefined) return { ...named, verdict: 'problem', message: schemaMistake };
  if (pendingMigrations === 0) return { ...named, verdict: 'ok', message: 'up to date' };
  const message = `${pendingMigrations} migrations are pending`;
  return { ...named, verdict: 'warning', message, advice: 'The next start applies them, or run: npx chodae migrate' };
}

function rowSecurityFinding({ rowsHidden, restExposure: { open, closable, remedies } }: PostgresqlDiagnosis): Finding {
  const named = { name: 'row level security', page: pages.rowSecurity };
  if (rowsHidden) {
    return {
      ...named,
      verdict: 'problem',
      message: 'row level security hides our own tables from the role of DATABASE_URL, so every code would look unknown',
      advice: 'Connect as the owner of the tables, the role that ran the migration, or write policies for the role.',
    };
  }
  if (open.length === 0) return { ...named, verdict: 'ok', message: 'no automatic REST API can read the tables' };
  return {
    ...named,
    verdict: 'problem',
    message: `Supabase's automatic REST API serves ${open.join(', ')} to anyone who has the project's public key, password hashes included`,
    advice: [
      ...(closable.length > 0 ? ['Run: npx chodae migrate'] : []),
      ...(remedies.length > 0 ? [`Run, as a superuser or as the role that granted it: ${remedies.join(' ')}`] : []),
    ].join('. '),
  };
}

/** Nothing else can be looked at then: any statement might run what the other role has put there. */
function openingsFinding(openings: readonly Opening[]): Finding {
  const isClosable = openings.every(({ closable }) => closable);
  return {
    name: 'other roles',
    verdict: 'problem',
    message: describeOpenings(openings),
    advice: isClosable ? 'Run: npx chodae migrate' : adviceFor(openings),
    page: pages.otherRoles,
  };
}

function otherRolesFinding({ triggerRights, rolesAheadOnPath }: PostgresqlDiagnosis): Finding {
  const named = { name: 'other roles', page: pages.otherRoles };
  if (triggerRights.length > 0) {
    const message = `other roles can put triggers or foreign keys on our tables: ${triggerRights.map(({ what }) => what).join('; ')}`;
    return { ...named, verdict: 'warning', message, advice: `Run: ${triggerRights.map(({ remedy }) => remedy).join(' ')}` };
  }
  if (rolesAheadOnPath.length > 0) {
    return {
      ...named,
      verdict: 'warning',
      message: `behind the pooler the search path begins with "$user", a schema that ${rolesAheadOnPath.join(', ')} may make`,
      advice: 'Run, as the role of DATABASE_URL: ALTER ROLE CURRENT_USER SET search_path = public;',
    };
  }
  return { ...named, verdict: 'ok', message: 'none can put functions, triggers or tables between us and PostgreSQL' };
}

function rightsFinding({ missingRights, missingMigrationRights }: PostgresqlDiagnosis): Finding {
  const named = { name: 'rights', page: pages.rights };
  if (missingMigrationRights.length > 0) {
    const message = `the role that migrates lacks ${missingMigrationRights.join(', ')}, and migrations are pending`;
    return { ...named, verdict: 'problem', message, advice: 'Grant them as the owner of the database, or migrate as its owner.' };
  }
  if (missingRights.length === 0) return { ...named, verdict: 'ok', message: 'the role of DATABASE_URL lacks none' };
  const message = `the role of DATABASE_URL lacks ${missingRights.join(', ')}`;
  return { ...named, verdict: 'problem', message, advice: 'Grant them as the owner of the tables.' };
}

function durabilityFinding({ unsafeSettings, synchronousCommit }: PostgresqlDiagnosis): Finding {
  const named = { name: 'durability', page: pages.database };
  if (unsafeSettings.length === 0)
    return { ...named, verdict: 'ok', message: `fsync and full_page_writes are on, synchronous_commit is ${synchronousCommit}` };
  const message = `the server has ${unsafeSettings.join(', ')} off: an acknowledged sign-up can be lost`;
  return { ...named, verdict: 'warning', message, advice: 'Turn it on in postgresql.conf.' };
}

/** Where one machine takes more than half, a second machine, a backup or a person may find no connection left. */
function connectionsFinding(poolSize: number, workers: number, maximum: number): Finding {
  const named = { name: 'connections', page: pages.connections };
  const taken = poolSize * workers;
  const product = workers === 1 ? `${poolSize} a process` : `${workers} workers × ${poolSize} = ${taken}`;
  if (taken <= maximum / 2) return { ...named, verdict: 'ok', message: `${product}, of ${maximum} that the server allows` };
  return {
    ...named,
    verdict: taken > maximum ? 'problem' : 'warning',
    message: `${product}, and the server allows ${maximum}: some checkouts may fail`,
    advice: 'Lower DATABASE_POOL_SIZE or WEB_CONCURRENCY, or raise max_connections.',
  };
}

/** How many connections a pooler accepts and how many it makes to the server is its own business, and cannot be asked through it. */
function pooledConnectionsFinding(taken: number): Finding {
  const message = `${taken} to the pooler, whose own limits count`;
  return { name: 'connections', page: pages.connections, verdict: 'ok', message };
}

function clockFinding(seconds: number): Finding {
  const named = { name: 'clock', page: pages.clocks };
  const difference = `${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead of'} that of the database`;
  const message = `this machine's clock is ${difference}`;
  if (Math.abs(seconds) <= 5) return { ...named, verdict: 'ok', message };
  return {
    ...named,
    verdict: 'warning',
    message: `${message}: the times in the log do not fit; every expiry is decided by the database`,
    advice: 'Let both follow a time server (NTP).',
  };
}

function codesFinding({ codeCollisions }: RowsSeen): Finding {
  const named = { name: 'codes', page: pages.codes };
  if (codeCollisions === 0) return { ...named, verdict: 'ok', message: 'no two differ only in case, spaces, hyphens or look-alikes' };
  if (codeCollisions === undefined)
    return { ...named, verdict: 'warning', message: 'there are too many to look for those that differ in spelling only' };
  const message = `${codeCollisions} ${codeCollisions === 1 ? 'group' : 'groups'} of codes differ only in case, spaces, hyphens or look-alikes: a spelling that equals none of them matches only where exactly one can be used`;
  return {
    ...named,
    verdict: 'warning',
    message,
    advice: 'Revoke all but one of each. chodae invite show <code> names those that one spelling may mean.',
  };
}

/** The Korean safety standard asks for two years of records of operators where there are 50,000 people or more. */
function retentionFindings({ manyUsers, hasOverdueSessions }: RowsSeen, auditSeconds: number): Finding[] {
  const named = { name: 'retention', page: pages.retention };
  const years = auditSeconds / (365.25 * 86_400);
  const findings: Finding[] = [];
  if (hasOverdueSessions) {
    findings.push({
      ...named,
      verdict: 'warning',
      message: 'sign-ups that expired more than 5 minutes ago are still there, with the personal data in them',
      advice: 'A running service deletes them within a minute; or run: npx chodae sweep',
    });
  }
  if (manyUsers && years < 2) {
    findings.push({
      ...named,
      verdict: 'warning',
      message: `there are 50,000 users or more, and AUDIT_RETENTION is ${years.toFixed(1)} years`,
      advice: 'Set AUDIT_RETENTION=2y.',
    });
  }
  if (findings.length === 0) findings.push({ ...named, verdict: 'ok', message: 'nothing is kept beyond its time' });
  return findings;
}
