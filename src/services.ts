import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import { openPasswordHasher, type PasswordHasher } from './passwords/hasher.ts';
import type { RegistrationServices } from './registration/dependencies.ts';

/** Everything that the application works with, made once; see `openServices`. */
export interface Services extends AsyncDisposable {
  readonly config: Config;
  readonly log: Logger;
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly registration: RegistrationServices;
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
  const passwords = openPasswordHasher({
    cost: config.passwords.bcryptCost,
    maximumWaitSeconds: config.passwords.maximumWaitSeconds,
  });
  const rules = {
    ...config.registration,
    passwordMinimumLength: config.passwords.minimumLength,
    now: overrides.now ?? (() => new Date()),
  };
  return {
    config,
    log,
    database,
    passwords,
    registration: { database, passwords, rules },
    async [Symbol.asyncDispose]() {
      await passwords.close();
      await database.close();
    },
  };
}
