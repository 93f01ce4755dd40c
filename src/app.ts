import type { FastifyInstance } from 'fastify';
import { statement } from './database/database.ts';
import { databaseProblems } from './database/database-errors.ts';
import { startDeadline } from './deadline.ts';
import { addApiDocuments } from './http/api-documents.ts';
import { addHealth } from './http/health.ts';
import type { TlsPair } from './http/https/tls-options.ts';
import { limitFailedCredentials } from './http/limits/limit-credentials.ts';
import { limitProblems } from './http/limits/limit-problems.ts';
import { type LimitName, limitRoutes, type RouteLimits } from './http/limits/limit-routes.ts';
import { shedRequests } from './http/load-shedding.ts';
import { completeMethods } from './http/methods.ts';
import { addOpenApi } from './http/openapi.ts';
import { addProblemPages } from './http/problem-pages.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { refuseUnknownNames } from './http/unknown-names.ts';
import { repeatableProblems } from './idempotency.ts';
import { bulkProblems } from './invitations/bulk/problems.ts';
import { invitationProblems, isMissedGuess } from './invitations/problems.ts';
import { invitationRoutes } from './invitations/routes.ts';
import type { Limits } from './limits/open-limits.ts';
import { addMetricsRoute } from './metrics/metrics-route.ts';
import { bearerIn } from './operators/authenticate-operator.ts';
import { requireOperator } from './operators/guard.ts';
import { isOperatorKey } from './operators/operator-key.ts';
import { operatorProblems } from './operators/problems.ts';
import { operatorRoutes } from './operators/routes.ts';
import { busyProblems } from './overload/long-work.ts';
import { overloadProblems } from './overload/problems.ts';
import { noPageFiles, type PageFiles } from './pages/page-files.ts';
import { previewProblems, previewRoutes } from './pages/preview-routes.ts';
import { addPages, notFoundPage } from './pages/routes.ts';
import type { Problem, ProblemKind } from './problems.ts';
import { registrationProblems } from './registration/problems.ts';
import { progressRoutes } from './registration/progress/routes.ts';
import { registrationRoutes } from './registration/routes.ts';
import { sessionNamedBy } from './registration/session-id.ts';
import { describeSteps } from './registration/steps.ts';
import type { Services } from './services.ts';
import { requestLimit } from './time-limits.ts';
import { userProblems } from './users/problems.ts';
import { userRoutes } from './users/routes.ts';
import { version } from './version.ts';

/** Every kind of problem besides those of HTTP itself. */
export const problemCatalogues: readonly Readonly<Record<string, ProblemKind>>[] = [
  invitationProblems,
  bulkProblems,
  registrationProblems,
  overloadProblems,
  userProblems,
  operatorProblems,
  busyProblems,
  repeatableProblems,
  databaseProblems,
  limitProblems,
  previewProblems,
];

const tags = [
  { name: 'sign-up', description: 'From an invitation code to a user' },
  { name: 'invitations', description: 'For operators: issuing, finding, revoking' },
  { name: 'progress', description: 'For operators: sign-ups under way, and where people stop' },
  { name: 'users', description: 'For operators: accounts that exist' },
  { name: 'operators', description: 'For admins: operator keys and the audit log' },
];
/** Who proves what by `Authorization: Bearer`. */
const credentials = {
  session: 'The `sessionId` of a sign-up under way.',
  operator: 'An operator key, `chodae_key_…`; its role decides what it may do.',
};

export interface AppOptions {
  /** Gives the metrics for `/metrics`; default: this process's own. */
  readonly readMetrics?: () => Promise<string>;
  /** Asked for each request of `/auth`, `/admin` and the documents before anything is done for it: the refusal, where there are too many. Default: none is refused. */
  readonly overloaded?: () => Problem | undefined;
  /** The sign-up page and its files. Default: it says that it is not built. */
  readonly pages?: PageFiles;
  /** The certificate for TLS; default: plain HTTP. */
  readonly tls?: TlsPair;
}

export interface App {
  readonly http: HttpServer;
  /** From now on `/readyz` refuses and each answer closes its connection, so that balancers go elsewhere; requests are still served. */
  announceStop(): void;
}

/** The table of contents: everything that answers a request, in reading order. */
export async function buildApp(services: Services, options: AppOptions = {}): Promise<App> {
  const { readMetrics, overloaded = () => undefined, pages = noPageFiles, tls } = options;
  const { config, log, database, limits, metrics } = services;
  let isStopping = false;
  const { trustedProxies, forceHttps, publicUrl, corsOrigins } = config.http;
  const http = createHttpServer({
    log,
    defaultLanguage: config.defaultLanguage,
    trustedProxies,
    ...(tls && { tls }),
    ...(forceHttps && { forceHttps: { publicUrl } }),
    corsOrigins,
    notFoundPage,
    onAnswered: metrics.requestAnswered,
  });

  await addOpenApi(http, { version, tags, credentials });
  // Not shed: the pages are in memory, and a person who is refused here would not know why.
  addPages(http, {
    config,
    files: pages,
    steps: describeSteps(services.registration.rules),
    previews: services.previews,
    defaultLanguage: config.defaultLanguage,
  });
  await http.register(
    async (auth) => {
      shedRequests(auth, overloaded);
      if (limits) limitRoutes(auth, signUpLimits(limits));
      await auth.register(registrationRoutes, { services: services.registration });
    },
    { prefix: '/auth' },
  );
  await http.register(
    async (admin) => {
      shedRequests(admin, overloaded);
      if (limits) limitWrongKeys(admin, limits, services);
      requireOperator(admin, services.operators);
      refuseUnknownNames(admin);
      await admin.register(invitationRoutes, { services: services.invitations });
      await admin.register(progressRoutes, { services: services.progress });
      await admin.register(userRoutes, { services: services.users });
      await admin.register(operatorRoutes, { services: services.operators });
      await admin.register(previewRoutes, { previews: services.previews, publicUrl: config.http.publicUrl });
    },
    { prefix: '/admin' },
  );
  await http.register(async (scope) => {
    if (limits) limitWrongKeys(scope, limits, services);
    // Metrics are answered however busy operators keep their connections.
    requireOperator(scope, { ...services.operators, database });
    addMetricsRoute(scope, { config: { role: 'viewer' }, read: readMetrics ?? (() => metrics.registry.metrics()) });
  });
  await http.register(async (documents) => {
    shedRequests(documents, overloaded);
    addProblemPages(documents, problemCatalogues);
    addApiDocuments(documents);
  });
  addHealth(http, {
    isStopping: () => isStopping,
    async checkReady() {
      await database.run(ping, [], startDeadline(requestLimit));
    },
  });
  completeMethods(http);

  return {
    http,
    announceStop() {
      isStopping = true;
      http.askToReconnect();
    },
  };
}

function signUpLimits({ verify, guesses, signUp, session, hashes }: Limits): Record<LimitName, RouteLimits> {
  return {
    verify: { network: verify, guesses: { budget: guesses, missed: missedGuess } },
    password: { network: signUp, hashes },
    session: { network: signUp, session: { limiter: session, idOf: sessionNamedBy } },
  };
}

function limitWrongKeys(scope: FastifyInstance, { operatorKeys }: Limits, { localKey, recogniseKey }: Services): void {
  limitFailedCredentials(scope, {
    limiter: operatorKeys,
    own: localKey,
    isShaped: (authorization) => isOperatorKey(bearerIn(authorization) ?? ''),
    isGood: recogniseKey,
    isWrong: ({ kind }) => kind === operatorProblems.operator_key_invalid,
  });
}

function missedGuess(refusal: Error, body: unknown): boolean {
  return isMissedGuess(refusal, (body as { invitation_code?: string } | null | undefined)?.invitation_code ?? '');
}

const ping = statement('ping', 'SELECT 1');
