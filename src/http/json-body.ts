import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problems.ts';
import { httpProblems } from './http-problems.ts';
import { defaultJsonLimits, type JsonLimits, parseStrictJson } from './strict-json.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For a route that accepts more than one record at a time; its size is the route's own `bodyLimit` (bytes). */
    jsonLimits?: JsonLimits;
  }
}

/** The only spelling that all parsers read alike (CVE-2026-25223, CVE-2026-33806). */
const jsonMediaType = /^application\/json(?:; ?charset=utf-8)?$/i;

/**
 * Makes strict JSON the only body that routes accept. A scope that needs another media type adds its own parser with
 * `addContentTypeParser`; encoded bodies are refused there as well.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addHook('preParsing', (request, _reply, _payload, done) => done(bodyRefusal(request)));
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    try {
      done(null, readJson(request, bytes as Buffer));
    } catch (refusal) {
      done(refusal as Problem);
    }
  });
}

/** A compressed body of 16 KiB could become many MiB, so none is decoded. The media type of a body is never guessed. */
function bodyRefusal(request: FastifyRequest): Problem | null {
  const encoding = request.headers['content-encoding'];
  const encoded = encoding !== undefined && encoding.toLowerCase() !== 'identity';
  const undeclared = request.headers['content-type'] === undefined && request.routeOptions.schema?.body !== undefined;
  return encoded || undeclared ? new Problem(httpProblems.unsupported_media_type) : null;
}

function readJson(request: FastifyRequest, bytes: Buffer): unknown {
  // Fastify chose this parser by the media type alone: the rest of the header is checked here.
  if (!jsonMediaType.test(request.headers['content-type'] ?? '')) throw new Problem(httpProblems.unsupported_media_type);
  // Some clients always declare JSON; a route that reads no body accepts an empty one.
  if (bytes.length === 0 && request.routeOptions.schema?.body === undefined) return undefined;
  const text = request.routeOptions.config.originalClients ? withoutByteOrderMark(bytes) : bytes;
  return parseStrictJson(text, request.routeOptions.config.jsonLimits ?? defaultJsonLimits);
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes.length > 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
