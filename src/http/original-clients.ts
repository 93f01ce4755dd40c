import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The original had this route: what its clients send is read, although it is less exact than what other routes ask for. */
    originalClients?: true;
  }
}

const jsonType = /^application\/[\w.+-]+\+json[ \t]*(?:;|$)/i;

/**
 * Serves clients that worked with the original on the routes that say so in their config: a body without `Content-Type` or with any
 * `application/*+json` is read as JSON, and a trailing slash is redirected (307), as FastAPI does. `json-body.ts` skips a byte order mark.
 * A page of another origin gains nothing by leaving out the type: these routes know no cookies.
 */
export function serveOriginalClients(app: FastifyInstance): void {
  app.addHook('onRoute', function (route) {
    if (route.config?.originalClients === undefined) return;
    route.onRequest = [declareJson, ...[route.onRequest ?? []].flat()];
    this.route({
      method: route.method,
      url: `${route.routePath}/`,
      config: { ...(route.config.limit && { limit: route.config.limit }) },
      schema: { hide: true },
      onRequest: (_request, reply) => {
        reply.code(307).header('location', route.url).send();
      },
      handler: () => undefined,
    });
  });
}

function declareJson(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const { headers } = request.raw;
  const type = headers['content-type'];
  if (type === undefined || jsonType.test(type)) headers['content-type'] = 'application/json';
  done();
}
