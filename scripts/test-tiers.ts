import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { TestDatabaseKind } from '../test/support/empty-database.ts';
import type { Requirement } from '../test/support/requirements.ts';

/** A set of test files that one command runs. */
export interface Tier {
  /** What `openApplication`, `emptyDatabase` and the like open in this tier. */
  readonly database: TestDatabaseKind;
  /** Programs that the machine must have. */
  readonly needs: readonly Requirement[];
  /** Test files at once, for each core. PGlite crashes Node now and then where more than one a core is open. */
  readonly filesPerCore: number;
  /** Files, or folders with all their `*.test.ts`, from the root of the repository. */
  readonly paths: readonly string[];
}

/** Unit tests that need a PostgreSQL server; `npm test` runs every other file below `src`. */
const postgresqlUnits = [
  'src/database/connection-share.test.ts',
  'src/database/hosts.test.ts',
  'src/database/postgresql-crowd.test.ts',
  'src/database/postgresql-outages.test.ts',
  'src/database/postgresql.test.ts',
];

/** Tests of the application that only make sense on PostgreSQL. */
const postgresqlOnly = [
  'test/application/drizzle-kit.test.ts',
  'test/application/least-privilege.test.ts',
  'test/application/operator-load.test.ts',
  'test/application/other-roles.test.ts',
  'test/application/schema-parameter.test.ts',
  'test/application/supabase.test.ts',
  'test/documents/schema-picture.test.ts',
];

const poolerOnly = ['test/application/pooled-migration.test.ts'];

/** What the application promises about stored data: run on the embedded database by `npm test`, and again on PostgreSQL. */
const stored = [
  'src/invitations/code-key.test.ts',
  'src/limits/guess-tries.test.ts',
  'src/limits/limiter.test.ts',
  'test/application/alike-codes.test.ts',
  'test/application/doctor-limits.test.ts',
  'test/application/doctor.test.ts',
  'test/application/funnel.test.ts',
  'test/application/held-seats.test.ts',
  'test/application/invitation-bulk.test.ts',
  'test/application/invitation-changing.test.ts',
  'test/application/invitation-export.test.ts',
  'test/application/invitation-import.test.ts',
  'test/application/invitation-list.test.ts',
  'test/application/invitation-look-up.test.ts',
  'test/application/moved-events.test.ts',
  'test/application/one-account-per-phone.test.ts',
  'test/application/operator-audit.test.ts',
  'test/application/operator-funnel.test.ts',
  'test/application/operator-keys.test.ts',
  'test/application/operator-sessions.test.ts',
  'test/application/operator-sweeping.test.ts',
  'test/application/operator-user-deletion.test.ts',
  'test/application/operator-user-export.test.ts',
  'test/application/operator-users.test.ts',
  'test/application/original-sql.test.ts',
  'test/application/original-statements.test.ts',
  'test/application/rate-limits.test.ts',
  'test/application/overloaded-functions.test.ts',
  'test/application/recorded-reading.test.ts',
  'test/application/refused-databases.test.ts',
  'test/application/repeated-creation.test.ts',
  'test/application/repeated-last-step.test.ts',
  'test/application/round-trips.test.ts',
  'test/application/row-security.test.ts',
  'test/application/role-visibility.test.ts',
  'test/application/seats-between-networks.test.ts',
  'test/application/session-expiry.test.ts',
  'test/application/session-renewal.test.ts',
  'test/application/session-resource.test.ts',
  'test/application/stored-as-typed.test.ts',
  'test/application/sweep-command.test.ts',
  'test/application/sweeping.test.ts',
  'test/application/test-codes.test.ts',
  'test/application/tolerant-codes.test.ts',
  'test/application/upgrade-in-place.test.ts',
  'test/application/upgraded-sign-ups.test.ts',
  'test/application/wire-contract.test.ts',
];

/** What a transaction pooler could break: prepared statements, transactions, migrations. */
const pooled = [
  'test/application/held-seats.test.ts',
  'test/application/invitation-bulk.test.ts',
  'test/application/invitation-import.test.ts',
  'test/application/operator-user-export.test.ts',
  'test/application/original-sql.test.ts',
  'test/application/rate-limits.test.ts',
  'test/application/refused-databases.test.ts',
  'test/application/repeated-last-step.test.ts',
  'test/application/round-trips.test.ts',
  'test/application/seats-between-networks.test.ts',
  'test/application/session-expiry.test.ts',
  'test/application/sweep-command.test.ts',
  'test/application/upgrade-in-place.test.ts',
  'test/application/wire-contract.test.ts',
];

/** The built program, where it matters that the database is the embedded one: its first start, its folder, its lock. */
const embeddedProgram = [
  'test/acceptance/command-line.test.ts',
  'test/acceptance/embedded-commands.test.ts',
  'test/acceptance/import-hook.test.ts',
  'test/acceptance/installed-package.test.ts',
  'test/acceptance/no-personal-data.test.ts',
  'test/acceptance/readme.test.ts',
];

/** Processes that make, lock, lose and share the folder of the embedded database: half a minute of one core each. */
const embeddedFolders = [
  'src/cli/local-application.test.ts',
  'src/database/embedded-lock.test.ts',
  'src/database/embedded-permissions.test.ts',
  'src/database/embedded.test.ts',
  'test/application/file-permissions.test.ts',
];

const testsOfTests = ['test/support/pgbouncer.test.ts', 'test/support/postgresql.test.ts'];
const otherTiers = ['test/acceptance', 'test/races', 'test/faults', 'test/browser'];

export type TierName = 'embedded' | 'program' | 'postgres' | 'pooler' | 'faults' | 'browser';

/** Which files each command runs; `test-tiers.test.ts` checks that none is forgotten. */
export function findTiers(root: string): Record<TierName, Tier> {
  const everywhere = ['scripts', 'src', 'test'].flatMap((folder) => filesBelow(root, folder));
  const elsewhere = [...postgresqlUnits, ...postgresqlOnly, ...poolerOnly, ...embeddedFolders, ...testsOfTests];
  const embedded = everywhere.filter((file) => !elsewhere.includes(file) && !otherTiers.some((folder) => file.startsWith(`${folder}/`)));
  const acceptance = filesBelow(root, 'test/acceptance');
  return {
    embedded: { database: 'embedded', needs: [], filesPerCore: 1, paths: embedded },
    program: { database: 'embedded', needs: [], filesPerCore: 1, paths: [...embeddedFolders, ...embeddedProgram] },
    postgres: {
      database: 'postgresql',
      needs: ['postgresql'],
      filesPerCore: 1,
      paths: [
        ...postgresqlUnits,
        ...postgresqlOnly,
        ...stored,
        ...testsOfTests,
        ...acceptance.filter((file) => !embeddedProgram.includes(file) || bothPrograms.includes(file)),
        ...filesBelow(root, 'test/races'),
      ],
    },
    pooler: {
      database: 'pgbouncer',
      needs: ['postgresql', 'pgbouncer'],
      filesPerCore: 1,
      paths: [...poolerOnly, ...pooled, ...filesBelow(root, 'test/races')],
    },
    faults: { database: 'postgresql', needs: ['postgresql'], filesPerCore: 1, paths: filesBelow(root, 'test/faults') },
    browser: { database: 'embedded', needs: ['chromium'], filesPerCore: 1, paths: filesBelow(root, 'test/browser') },
  };
}

/** Files whose tests are partly about the embedded database and partly about PostgreSQL. */
const bothPrograms = ['test/acceptance/import-hook.test.ts', 'test/acceptance/no-personal-data.test.ts', 'test/acceptance/readme.test.ts'];

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
    .sort();
}
