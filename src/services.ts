import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { shareConnections } from './database/connection-share.ts';
import { type Database, until } from './database/database.ts';
import { startDeadline } from './deadline.ts';
import { openUploadPlaces } from './invitations/bulk/import/upload-places.ts';
import type { InvitationServices } from './invitations/dependencies.ts';
import { forgetGuest } from './invitations/erase-person.ts';
import { invitationsNamed } from './invitations/store.ts';
import { sweptWindows } from './limits/database-store.ts';
import { openNetworkHash } from './limits/network-hash.ts';
import { type Limits, openLimits } from './limits/open-limits.ts';
import { type Metrics, openMetrics } from './metrics/metrics.ts';
import type { OperatorServices } from './operators/dependencies.ts';
import { oncePerKey } from './operators/idempotency.ts';
import { forgetInAnswers } from './operators/idempotency-store.ts';
import { generateOperatorKey } from './operators/operator-key.ts';
import { recogniseKeys } from './operators/recognise-keys.ts';
import { recordAudit } from './operators/store.ts';
import { sweptOperatorRows } from './operators/sweep-records.ts';
import { busyProblems } from './overload/long-work.ts';
import { openSemaphore, type Semaphore } from './overload/semaphore.ts';
import { openPreviewLinks, type PreviewLinks } from './pages/preview-link.ts';
import { openPasswordHasher, type PasswordHasher } from './passwords/hasher.ts';
import type { RegistrationServices } from './registration/dependencies.ts';
import type { ProgressServices } from './registration/progress/dependencies.ts';
import { countHoldsWithoutStep } from './registration/progress/session-store.ts';
import { forgetReceipts } from './registration/receipt-store.ts';
import { sweptRegistrationRows } from './registration/sweep-sessions.ts';
import type { SweptRows } from './sweeping/sweep.ts';
import { requestLimit } from './time-limits.ts';
import type { UserServices } from './users/dependencies.ts';
import { peopleOf } from './users/store.ts';

/** Live sign-ups that one network may have on one invitation with one seat: a person needs one, or a few where they start again. */
const signUpsPerNetwork = 20;

/** Everything that the application works with, made once; see `openServices`. */
export interface Services extends AsyncDisposable {
  readonly config: Config;
  readonly log: Logger;
  readonly database: Database;
  readonly passwords: PasswordHasher;
  /** undefined: nothing is limited. */
  readonly limits: Limits | undefined;
  readonly registration: RegistrationServices;
  readonly progress: ProgressServices;
  readonly invitations: InvitationServices;
  readonly users: UserServices;
  readonly operators: OperatorServices;
  readonly previews: PreviewLinks;
  readonly metrics: Metrics;
  /** An admin's key that only this process knows and that dies with it, for operators at the machine itself. */
  readonly localKey: string;
  /** Whether an `Authorization` field brings a usable key; for networks that are over the limit of wrong ones. */
  readonly recogniseKey: ReturnType<typeof recogniseKeys>;
}

export interface ServiceOverrides {
  /** The clock of birthdays; every expiry is decided by the database's. */
  readonly now?: () => Date;
}

/**
 * The composition root: from settings and an open, migrated database to what the routes and commands use.
 * Disposing goes in reverse: first no more hashing, then the database closes.
 */
export function openServices(config: Config, log: Logger, database: Database, overrides: ServiceOverrides = {}): Services {
  const metrics = openMetrics();
  const passwords = openPasswordHasher({
    cost: config.passwords.bcryptCost,
    maximumWaitSeconds: config.passwords.maximumWaitSeconds,
    // Workers share the cores.
    threads: Math.max(1, Math.floor(availableParallelism() / config.process.workers)),
    onBegin: metrics.hashWaited,
  });
  const rules = {
    ...config.registration,
    passwordMinimumLength: config.passwords.minimumLength,
    now: overrides.now ?? (() => new Date()),
  };
  const limits = config.limits && openLimits(config.limits, { settings: config.database, opened: database }, log, metrics.guessBudgetSpent);
  metrics.watch({
    hashQueue: passwords.state,
    connections: database.connections,
    guessesGuarded: limits?.guesses.isSpent,
    holdsWithoutStep: () => countHoldsWithoutStep(until(startDeadline(requestLimit), database)),
  });
  const localKey = generateOperatorKey();
  const { shared, longWork } = operatorsDatabase(config.database, database);
  const audited = { database: shared, audit: recordAudit };
  return {
    config,
    log,
    database,
    passwords,
    limits,
    registration: {
      database,
      passwords,
      rules,
      networkHash: openNetworkHash(config.database),
      signUpsPerNetwork: limits && signUpsPerNetwork,
      onSessionOpened(sessionId) {
        limits?.session.reserve(sessionId);
        limits?.hashes.session.reserve(sessionId);
      },
      onSeatClaimed: metrics.seatClaimed,
    },
    progress: { ...audited, longWork, timeZone: config.registration.timeZone },
    invitations: {
      ...audited,
      longWork,
      once: oncePerKey,
      uploads: openUploadPlaces(),
      publicUrl: config.http.publicUrl,
      phoneRegion: config.registration.phoneRegion,
      timeZone: config.registration.timeZone,
      peopleOf,
    },
    users: {
      ...audited,
      longWork,
      phoneRegion: config.registration.phoneRegion,
      timeZone: config.registration.timeZone,
      invitationsNamed,
      forgetPerson: [forgetReceipts, forgetGuest, forgetInAnswers],
    },
    operators: { ...audited, timeZone: config.registration.timeZone, localKeyHash: localKey.hash },
    previews: openPreviewLinks(config.database),
    metrics,
    localKey: localKey.key,
    recogniseKey: recogniseKeys(database),
    async [Symbol.asyncDispose]() {
      await passwords.close();
      await limits?.[Symbol.asyncDispose]();
      await database.close();
    },
  };
}

/**
 * The database as operators have it: half of the connections of this process, the others are for those who sign up. Half of that half is for work that
 * takes seconds. The embedded database has one connection: of operators one statement at a time waits for it, however many requests they send.
 */
function operatorsDatabase(settings: Config['database'], database: Database): { shared: Database; longWork: Semaphore } {
  const isPostgresql = settings.kind === 'postgresql';
  const connections = isPostgresql ? Math.max(1, Math.floor(settings.poolSize / 2)) : 1;
  const wait = { busy: busyProblems.operators_busy, ...(isPostgresql && { milliseconds: 2_000 }) };
  return { shared: shareConnections(database, connections, wait), longWork: openSemaphore(Math.max(1, Math.floor(connections / 2))) };
}

/** Everything that is kept for a time only: personal data first. */
export function sweptRows({ database, retention }: Config): readonly SweptRows[] {
  return [
    ...sweptRegistrationRows(retention.eventSeconds),
    ...sweptOperatorRows(retention.auditSeconds),
    // Also where nothing is counted in the database any more: what was counted there is personal data.
    ...(database.kind === 'postgresql' ? [sweptWindows] : []),
  ];
}
