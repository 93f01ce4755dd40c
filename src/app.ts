import { statement } from './database/database.ts';
import { databaseProblems } from './database/unavailable.ts';
import type { ProblemKind } from './errors.ts';
import { addApiDocuments } from './http/api-documents.ts';
import { addHealth } from './http/health.ts';
import { completeMethods } from './http/methods.ts';
import { addOpenApi } from './http/openapi.ts';
import { addProblemPages } from './http/problem-pages.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { invitationProblems } from './invitations/errors.ts';
import { passwordProblems } from './passwords/errors.ts';
import { registrationProblems } from './registration/errors.ts';
import { registrationRoutes } from './registration/routes.ts';
import type { Services } from './services.ts';
import { version } from './version.ts';

/** Every kind of refusal beside those of HTTP itself. */
export const problemCatalogues: readonly Readonly<Record<string, ProblemKind>>[] = [
  invitationProblems,
  registrationProblems,
  passwordProblems,
  databaseProblems,
];

const tags = [{ name: 'sign-up', description: 'From an invitation code to a user' }];
/** Who proves what by `Authorization: Bearer`. */
const credentials = { session: 'The `sessionId` of a sign-up under way.' };

export interface App {
  readonly http: HttpServer;
  /** From now on `/readyz` refuses, so that balancers send their requests elsewhere. */
  stopAccepting(): void;
}

/** The table of contents: everything that answers a request, in reading order. */
export async function buildApp(services: Services): Promise<App> {
  const { config, log, database } = services;
  let accepting = true;
  const http = createHttpServer({ log, defaultLanguage: config.defaultLanguage });

  await addOpenApi(http, { version, tags, credentials });
  await http.register(registrationRoutes, { prefix: '/auth', services: services.registration });
  addProblemPages(http, problemCatalogues);
  addHealth(http, {
    async checkReady() {
      if (!accepting) throw new Error('the process is stopping');
      await database.run(ping);
    },
  });
  await addApiDocuments(http);
  completeMethods(http);

  return {
    http,
    stopAccepting() {
      accepting = false;
    },
  };
}

const ping = statement('ping', 'SELECT 1');
