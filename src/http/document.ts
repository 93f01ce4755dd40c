import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { addVary } from './vary.ts';

export interface Document {
  /** The `Content-Type`. */
  readonly mediaType: string;
  /** Called at the first request, and again only after it threw. */
  readonly read: () => string | Buffer | Promise<string | Buffer>;
  /** More response headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A document in one content coding. */
export interface Representation {
  readonly coding: 'identity' | 'gzip' | 'br';
  readonly body: Buffer;
  readonly etag: string;
}

/** Below this many bytes compression saves no packet. */
const worthCompressing = 1_400;
/** Characters of `Accept-Encoding`; browsers send about 30. */
const maximumFieldLength = 1_000;

/**
 * @returns a handler that serves a document from memory: it is read, compressed and hashed once, so that a request costs
 *   no time, memory or file descriptor, however large it is. Answers 304 to a matching `If-None-Match` (RFC 9110, 13.1.2).
 */
export function sendDocument({ mediaType, read, headers = {} }: Document) {
  let made: Promise<readonly Representation[]> | undefined;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    made ??= represent(read).catch((error) => {
      made = undefined;
      throw error;
    });
    return sendRepresentation(request, reply, { mediaType, headers, representations: await made });
  };
}

interface Prepared extends Pick<Document, 'mediaType' | 'headers'> {
  /** Uncompressed last. */
  readonly representations: readonly Representation[];
}

/** Sends the representation that the client prefers. Answers 304 to a matching `If-None-Match` (RFC 9110, 13.1.2). */
export function sendRepresentation(request: FastifyRequest, reply: FastifyReply, prepared: Prepared): FastifyReply {
  const { mediaType, headers, representations } = prepared;
  if (representations.length > 1) addVary(reply, 'Accept-Encoding');
  const { coding, body, etag } = chosenFrom(representations, request.headers['accept-encoding']);
  reply.headers({ 'cache-control': 'public, max-age=0', ...headers, etag });
  if (isNamed(etag, request.headers['if-none-match'])) return reply.code(304).send();
  if (coding !== 'identity') reply.header('content-encoding', coding);
  return reply.type(mediaType).send(body);
}

/** @returns the document in each coding, uncompressed last. */
async function represent(read: Document['read']): Promise<readonly Representation[]> {
  const body = Buffer.from((await read()) as string);
  const hash = hashOf(body);
  const plain: Representation = { coding: 'identity', body, etag: `"${hash}"` };
  if (body.length < worthCompressing) return [plain];
  // Another representation needs another strong ETag (RFC 9110, 8.8.3.3).
  return [{ coding: 'gzip', body: await promisify(gzip)(body), etag: `"${hash}-gzip"` }, plain];
}

/** @returns what identifies a body in its `ETag`. */
export function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url');
}

function chosenFrom(representations: readonly Representation[], acceptEncoding: string | undefined): Representation {
  const plain = representations.at(-1) as Representation;
  if (acceptEncoding === undefined || acceptEncoding.length > maximumFieldLength) return plain;
  const offered = representations.map((one) => one.coding);
  const accepted = new Negotiator({ headers: { 'accept-encoding': acceptEncoding } }).encodings(offered);
  // Browsers name gzip before br and mean both alike; br is smaller.
  const coding = accepted[0] === 'gzip' && accepted.includes('br') ? 'br' : accepted[0];
  return representations.find((one) => one.coding === coding) ?? plain;
}

/** By weak comparison: a proxy that compresses makes a tag weak. */
function isNamed(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
