import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Problem, type ProblemKind } from '../errors.ts';
import { closeAfter } from './connections.ts';
import { httpProblems } from './http-problems.ts';

/** Far above what browsers send and proxies add. Node itself drops what comes after the 2,000th field without a word. */
const maximumFields = 100;

/** Fields of which a request has one; where it has two, Node believes the first and the next program perhaps the last. */
const singleFields: ReadonlySet<string> = new Set(['host', 'content-type', 'authorization']);

/**
 * Refuses, before anything else looks at them, requests that a proxy and this server could read differently. What Node's parser refuses by
 * itself (two lengths, a length beside chunks, spaces before a colon, bare line feeds) never comes here.
 */
export function refuseAmbiguousRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const kind = ambiguity(request.raw);
    // Whatever else comes on this connection may be part of the same trick.
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
