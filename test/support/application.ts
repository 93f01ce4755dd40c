import assert from 'node:assert/strict';
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import type { Config, LimitsConfig, PageConfig, RegistrationConfig, TrustedProxies } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { HttpServer } from '../../src/http/server.ts';
import type { PageFiles } from '../../src/pages/page-files.ts';
import type { Language } from '../../src/problems.ts';
import { openServices, type ServiceOverrides, type Services } from '../../src/services.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { injectClient } from './inject-client.ts';
import { findUnexpectedLines } from './printed-lines.ts';
import { SentSecrets } from './sent-secrets.ts';
import type { SignUpClient } from './sign-up-client.ts';

export interface ApplicationOverrides extends Partial<RegistrationConfig>, ServiceOverrides {
  readonly bcryptCost?: number;
  readonly passwordMinimumLength?: number;
  readonly defaultLanguage?: Language;
  /** Default: no limits, because a test file is a flood from one address. */
  readonly limits?: LimitsConfig;
  readonly trustedProxies?: TrustedProxies;
  readonly forceHttps?: boolean;
  readonly corsOrigins?: readonly string[];
  readonly publicUrl?: string;
  readonly page?: PageConfig;
  /** Default: the pages are not built. */
  readonly pages?: PageFiles;
  /** Log lines of level error or above that match one of these are expected. */
  readonly allow?: readonly RegExp[];
}

/** The whole application in this process, on its own database, without listening and sweeping. */
export interface Application extends SignUpClient, AsyncDisposable {
  /** What the routes work with; a test may watch it. */
  readonly services: Services;
  readonly http: HttpServer;
  /** Looks behind the scenes, and moves time. */
  readonly query: TestDatabase['query'];
  /** The lines that were logged so far, JSON. */
  readonly logged: readonly string[];
}

/**
 * Opens the application as the process does, with bcrypt's lowest cost.
 * Disposing it fails if an error line was logged that the test does not allow, or any line with client input.
 */
export async function openApplication(overrides: ApplicationOverrides = {}): Promise<Application> {
  const testDatabase = await openTestDatabase();
  const logged: string[] = [];
  // Without the time: today's date may be a birthday that was sent.
  const log = pino({ level: 'trace', base: null, timestamp: false }, { write: (line: string) => logged.push(line.trimEnd()) });
  const services = openServices(configOf(overrides, testDatabase.config), log, testDatabase.database, overrides);
  const { http } = await buildApp(services, overrides.pages && { pages: overrides.pages });
  const secrets = new SentSecrets();

  return {
    ...injectClient(http, secrets),
    services,
    http,
    query: testDatabase.query,
    logged,
    async [Symbol.asyncDispose]() {
      await http.close();
      await services[Symbol.asyncDispose]();
      await testDatabase.drop();
      assert.deepEqual(
        findUnexpectedLines({ stdout: logged.join('\n'), stderr: '' }, overrides.allow),
        [],
        'the application logged an error',
      );
      assert.deepEqual(secrets.linesWithOne(logged), [], 'the application logged what a client had sent');
    },
  };
}

function configOf(overrides: ApplicationOverrides, database: Config['database']): Config {
  const config = readConfig({});
  const { bcryptCost = 4, passwordMinimumLength = config.passwords.minimumLength, defaultLanguage = config.defaultLanguage } = overrides;
  const { sessionSeconds, minimumAge, phoneRegion, phoneUnique, timeZone } = { ...config.registration, ...overrides };
  return {
    ...config,
    database,
    http: {
      ...config.http,
      publicUrl: overrides.publicUrl,
      trustedProxies: overrides.trustedProxies,
      forceHttps: overrides.forceHttps ?? config.http.forceHttps,
      corsOrigins: overrides.corsOrigins ?? config.http.corsOrigins,
    },
    page: overrides.page ?? config.page,
    limits: overrides.limits,
    // Waiting is not what these tests are about, and the machine may be busy.
    passwords: { bcryptCost, minimumLength: passwordMinimumLength, maximumWaitSeconds: 60 },
    registration: { sessionSeconds, minimumAge, phoneRegion, phoneUnique, timeZone },
    defaultLanguage,
  };
}
