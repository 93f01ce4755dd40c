import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { openServices } from '../../src/services.ts';
import { injectClient } from './inject-client.ts';
import { createOriginalTables } from './original-database.ts';
import { fillOriginalTables } from './original-rows.ts';
import { SentSecrets } from './sent-secrets.ts';
import type { SignUpClient } from './sign-up-client.ts';
import { type Ask, type UnmigratedDatabase, unmigratedDatabase } from './unmigrated-database.ts';

/** The whole application in this process, on a database that existed before. */
export interface UpgradedApplication extends SignUpClient, AsyncDisposable {
  readonly ask: Ask;
}

/** Opens the application on an existing database, as a start of the program does, with bcrypt's lowest cost. */
async function openApplicationOn(unmigrated: UnmigratedDatabase): Promise<UpgradedApplication> {
  const config = readConfig({});
  const passwords = { ...config.passwords, bcryptCost: 4, maximumWaitSeconds: 60 };
  const services = openServices({ ...config, passwords }, pino({ level: 'silent' }), await unmigrated.open());
  const { http } = await buildApp(services);
  return {
    ...injectClient(http, new SentSecrets()),
    ask: unmigrated.ask,
    async [Symbol.asyncDispose]() {
      await http.close();
      await services[Symbol.asyncDispose]();
      await unmigrated[Symbol.asyncDispose]();
    },
  };
}

/** Makes the original's database with what years of use leave behind, and opens the application on it. */
export async function openUpgradedApplication(): Promise<UpgradedApplication> {
  const unmigrated = await unmigratedDatabase();
  await createOriginalTables(unmigrated.ask);
  await fillOriginalTables(unmigrated.ask);
  return openApplicationOn(unmigrated);
}
