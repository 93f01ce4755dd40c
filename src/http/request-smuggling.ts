import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Problem, type ProblemKind } from '../problems.ts';
import { closeAfter } from './connections.ts';
import { httpProblems } from './http-problems.ts';

/** Far above what browsers send and proxies add. Node itself silently drops everything after the 2,000th field. */
const maximumFields = 100;

/** Fields that may occur only once. Given two, Node uses the first and the next program perhaps the last. */
const singleFields: ReadonlySet<string> = new Set(['host', 'content-type', 'authorization']);

/**
 * Rejects, before any other check, requests that a proxy and this server could read differently (request smuggling). What Node's parser
 * rejects by itself (two lengths, a length with chunks, spaces before a colon, bare line feeds) never gets here.
 */
export function refuseAmbiguousRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const kind = ambiguity(request.raw);
    // Anything else on this connection may be part of the same attack.
    if (kind) closeAfter(reply.raw);
    done(kind && new Problem(kind));
  });
}

function ambiguity({ httpVersion, headers, rawHeaders }: IncomingMessage): ProblemKind | undefined {
  if (rawHeaders.length > 2 * maximumFields) return httpProblems.headers_too_large;
  const coding = headers['transfer-encoding'];
  const isFramed =
    httpVersion === '1.1'
      ? headers.host !== undefined && (coding === undefined || coding.toLowerCase() === 'chunked') // RFC 9112, 3.2 and 6.1
      : httpVersion === '1.0' && coding === undefined; // RFC 9112, 6.1; the parser lets 0.9 and 2.0 through as well
  return isFramed && !repeatsSingleField(rawHeaders) ? undefined : httpProblems.bad_request;
}

function repeatsSingleField(rawHeaders: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!singleFields.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}
