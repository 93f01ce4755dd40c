import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction, HTTPMethods } from 'fastify';
import { Problem } from '../problems.ts';
import { httpProblems } from './http-problems.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The patterns of the routes added so far, such as `/problems/:code`, and whether any of their routes has `config.crossOrigin`. */
    routePatterns: ReadonlyMap<string, boolean>;
  }
}

/** Records the pattern of every route added from now on. */
export function collectRoutePatterns(app: FastifyInstance): void {
  const patterns = new Map<string, boolean>();
  app.decorate('routePatterns', patterns);
  app.addHook('onRoute', ({ url, config }) => {
    patterns.set(url, patterns.get(url) || config?.crossOrigin === true);
  });
}

/**
 * Gives every known path an answer to every other method: `OPTIONS` lists the methods (204), the rest is refused with 405;
 * both send `Allow` (RFC 9110, 15.5.6). Call it after all routes are added. A pattern with parameters loses the
 * methods of a fixed path that it covers, so `/a/:id` never sees a `PATCH /a/list` if `GET /a/list` exists. CORS is that of the path's routes.
 */
export function completeMethods(app: FastifyInstance): void {
  app.register(async (scope) => {
    const everyMethod = knowEveryMethod(scope);
    // A route `/` below a prefix also answers with a trailing slash, which no hook reports.
    for (const [url, crossOrigin] of new Map(scope.routePatterns)) {
      answerOtherMethods(scope, url, { everyMethod, crossOrigin });
      if (!/[*/]$/.test(url) && !scope.routePatterns.has(`${url}/`)) answerOtherMethods(scope, `${url}/`, { everyMethod, crossOrigin });
    }
  });
}

/** Node parses more methods than Fastify routes by default. CONNECT never becomes a request. */
function knowEveryMethod(app: FastifyInstance): HTTPMethods[] {
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
  return app.supportedMethods as HTTPMethods[];
}

function answerOtherMethods(
  app: FastifyInstance,
  url: string,
  { everyMethod, crossOrigin }: { everyMethod: readonly HTTPMethods[]; crossOrigin: boolean },
): void {
  const methods = everyMethod.filter((method) => app.hasRoute({ url, method }));
  if (methods.length === 0) return;
  const allow = [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
  app.route({
    method: everyMethod.filter((method) => !methods.includes(method)),
    url,
    schema: { hide: true },
    config: { crossOrigin },
    // Before the body is read, since it is not needed.
    onRequest: (request, reply, done) => answerOtherMethod(request, reply.header('allow', allow), done),
    handler: () => undefined,
  });
}

function answerOtherMethod(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  if (request.method === 'OPTIONS') reply.code(204).send();
  else done(new Problem(httpProblems.method_not_allowed));
}
