import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction, HTTPMethods } from 'fastify';
import { Problem } from '../errors.ts';
import { httpProblems } from './http-problems.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The patterns of the routes added so far, such as `/problems/:code`. */
    routePatterns: ReadonlySet<string>;
  }
}

/** Notes the pattern of every route that is added from now on. */
export function collectRoutePatterns(app: FastifyInstance): void {
  const patterns = new Set<string>();
  app.decorate('routePatterns', patterns);
  app.addHook('onRoute', ({ url }) => {
    patterns.add(url);
  });
}

/**
 * Gives every known address an answer to every other method: `OPTIONS` tells the methods (204), the rest is refused with 405;
 * both send `Allow` (RFC 9110, 15.5.6). To be called when all routes are there. A pattern with parameters loses the
 * methods of a fixed address that it covers, so `/a/:id` never sees a `PATCH /a/list` where `GET /a/list` exists.
 */
export function completeMethods(app: FastifyInstance): void {
  app.register(async (scope) => {
    const everyMethod = knowEveryMethod(scope);
    // A route `/` below a prefix also answers with a slash at the end, of which no hook hears.
    const patterns = [...scope.routePatterns].flatMap((url) => (/[*/]$/.test(url) ? [url] : [url, `${url}/`]));
    for (const url of new Set(patterns)) answerOtherMethods(scope, url, everyMethod);
  });
}

/** Node parses more methods than Fastify routes by itself. CONNECT never becomes a request. */
function knowEveryMethod(app: FastifyInstance): HTTPMethods[] {
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
  return app.supportedMethods as HTTPMethods[];
}

function answerOtherMethods(app: FastifyInstance, url: string, everyMethod: readonly HTTPMethods[]): void {
  const methods = everyMethod.filter((method) => app.hasRoute({ url, method }));
  if (methods.length === 0) return;
  const allow = [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
  app.route({
    method: everyMethod.filter((method) => !methods.includes(method)),
    url,
    schema: { hide: true },
    // Before the body is read: nobody is going to look at it.
    onRequest: (request, reply, done) => answerOtherMethod(request, reply.header('allow', allow), done),
    handler: () => undefined,
  });
}

function answerOtherMethod(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  if (request.method === 'OPTIONS') reply.code(204).send();
  else done(new Problem(httpProblems.method_not_allowed));
}
