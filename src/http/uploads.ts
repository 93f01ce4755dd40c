import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems.ts';
import { letArriveSlowly } from './connections.ts';
import { httpProblems } from './http-problems.ts';

/** A body that a route reads as a stream. */
export type Upload = AsyncIterable<Uint8Array>;

export interface UploadOptions {
  /** Such as `text/csv`; in UTF-8, whether the request says so or not. */
  readonly mediaType: string;
  /** Other names that programs give the same. */
  readonly aliases?: readonly string[];
  readonly maximumBytes: number;
  /** Idle timeout in milliseconds. */
  readonly pauseMilliseconds: number;
  /** Timeout for the whole upload in milliseconds; replaces the server's request timeout. */
  readonly wholeMilliseconds: number;
}

/**
 * Makes uploads of one media type the only body that routes of this scope accept: `request.body` is then an `Upload`. It ends by throwing
 * Problem `payload_too_large` or `request_timeout`, or the connection's error if the client disconnects.
 */
export function acceptUploads(scope: FastifyInstance, options: UploadOptions): void {
  const { mediaType, aliases = [], maximumBytes } = options;
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(otherMediaType(mediaType)));
  scope.addContentTypeParser([mediaType, ...aliases], (request, payload, done) => {
    if (!hasOnlyKnownParameters(request.headers['content-type'] ?? '')) done(otherMediaType(mediaType));
    else if (Number(request.headers['content-length']) > maximumBytes) done(new Problem(httpProblems.payload_too_large));
    else done(null, arriving(payload, options));
  });
  scope.addHook('preParsing', (_request, reply, _payload, done) => {
    letArriveSlowly(reply.raw);
    done();
  });
  scope.addHook('onSend', async (request, reply) => {
    // Nothing after an upload that was not read to its end is a request.
    if (request.raw.complete === false) reply.header('connection', 'close');
  });
}

function hasOnlyKnownParameters(type: string): boolean {
  const [, ...parameters] = type.split(';');
  return parameters.every((parameter) => /^(?:charset="?utf-?8"?|header="?present"?|)$/i.test(parameter.trim()));
}

function otherMediaType(mediaType: string): Problem {
  const detail = {
    ko: `요청 본문을 압축하지 말고 Content-Type: ${mediaType} 형식으로 보내세요.`,
    en: `Send the body as Content-Type: ${mediaType}, not compressed.`,
  };
  return new Problem({ ...httpProblems.unsupported_media_type, detail });
}

async function* arriving(payload: IncomingMessage, options: UploadOptions): Upload {
  const { maximumBytes, pauseMilliseconds, wholeMilliseconds } = options;
  const until = performance.now() + wholeMilliseconds;
  // Destroying the request would close the connection, and the client could not read the error.
  const chunks = payload.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  let bytes = 0;
  for (;;) {
    const next = await within(Math.min(pauseMilliseconds, until - performance.now()), chunks.next());
    if (next.done) return;
    bytes += next.value.length;
    if (bytes > maximumBytes) throw new Problem(httpProblems.payload_too_large);
    yield next.value;
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Problem(httpProblems.request_timeout)), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
