import type { FastifyInstance } from 'fastify';

/** Responses of the API are data: a browser that opens one may load, frame and run nothing. */
const apiContentPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'";

/**
 * For the pages of the API documentation. Scripts come only from this server and are never inline; Swagger UI
 * and ReDoc write style attributes, and ReDoc searches in a worker that it creates from a blob.
 */
export const documentContentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'";

/**
 * On every response, also those that Fastify's hooks never see (a bad URL, bytes that are not HTTP). A plain table for that
 * reason, and because @fastify/helmet builds its headers anew for each request: 76 µs against 67 µs, 64 against 48, of a request's CPU.
 */
const answerHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': apiContentPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** RFC 6797, 7.2: HSTS must not be sent over plain HTTP. One year, as ASVS 3.4.1 asks. */
const secureHeaders = { ...answerHeaders, 'strict-transport-security': 'max-age=31536000; includeSubDomains' };

/** @param isSecure whether the client's request came over TLS. */
export function headersOf(isSecure: boolean): Readonly<Record<string, string>> {
  return isSecure ? secureHeaders : answerHeaders;
}

/** Sets the headers before anything else answers; a page or a static file overrides what it needs. */
export function setSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersOf(request.cameOverHttps));
    done();
  });
}
