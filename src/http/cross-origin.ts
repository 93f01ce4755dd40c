import type { FastifyInstance, FastifyReply } from 'fastify';
import { addVary } from './vary.ts';

export interface CrossOriginOptions {
  /** As browsers send them. */
  readonly origins: readonly string[];
  /** Whether a route, by its pattern, is for pages of those origins. */
  readonly isShared: (pattern: string) => boolean;
}

/** What a page may read of an answer beside the safelisted fields (Fetch, "CORS-safelisted response-header name"). */
const exposedFields = 'Allow, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id';
const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const allowedFields = 'Authorization, Content-Type, Idempotency-Key';
/** Seconds; Chromium keeps no preflight for longer. */
const preflightAge = '7200';

/**
 * Lets pages of other origins call some routes from the browser and read every answer of them, refusals too (Fetch, "HTTP CORS protocol"). Without
 * credentials: nothing here looks at cookies. Whoever is no browser is not concerned, and nothing is refused: an answer that does not name the origin
 * is kept from the page by the browser. To be called before the first hook that refuses something. A preflight is then answered like any other `OPTIONS`.
 */
export function shareWithOrigins(app: FastifyInstance, { origins, isShared }: CrossOriginOptions): void {
  const known: ReadonlySet<string> = new Set(origins);
  app.addHook('onRequest', (request, reply, done) => {
    const pattern = request.routeOptions.url;
    if (pattern === undefined || !isShared(pattern)) return done();
    // Also where there is no origin: a cache must not give that answer to a page.
    addVary(reply, 'Origin');
    const { origin, 'access-control-request-method': intended } = request.headers;
    if (origin !== undefined && known.has(origin)) {
      reply.header('access-control-allow-origin', origin);
      if (request.method === 'OPTIONS' && intended !== undefined) allowPreflight(reply);
      else reply.header('access-control-expose-headers', exposedFields);
    }
    done();
  });
}

function allowPreflight(reply: FastifyReply): void {
  reply.headers({
    'access-control-allow-methods': allowedMethods,
    'access-control-allow-headers': allowedFields,
    'access-control-max-age': preflightAge,
  });
}
