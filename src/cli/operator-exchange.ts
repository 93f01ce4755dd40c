import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request as startHttp,
} from 'node:http';
import { request as startHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Language } from '../errors.ts';
import type { BaseUrl } from './base-url.ts';
import { LostConnection } from './lost-connection.ts';

/** Where requests go: to an address, or to a socket of this machine that the application in this very process listens on. */
export type Place = { readonly url: BaseUrl } | { readonly socketPath: string };

export interface OperatorClientOptions {
  readonly place: Place;
  /** An operator key. */
  readonly key: string;
  readonly language: Language;
  /** Ends every request at once. */
  readonly interrupt: AbortSignal;
}

export interface OperatorRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From `/admin` on. */
  readonly path: string;
  /** Values that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it comes, in place of `body`. */
  readonly upload?: { readonly type: string; readonly content: Readable };
  /** Lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends a request. Not by `fetch`, which refuses ports that browsers keep for other services, knows no sockets of this machine, and hides what went wrong.
 * @param silence milliseconds without a byte either way after which the connection counts as lost.
 * @throws LostConnection; the error of `upload.content` where that cannot be read.
 */
export async function exchange(
  options: OperatorClientOptions,
  agent: Agent,
  request: OperatorRequest,
  silence: number,
): Promise<IncomingMessage> {
  const { place, interrupt } = options;
  const { content, headers } = contentOf(request);
  const sent = { agent, method: request.method, headers: { ...ownHeaders(options), ...headers }, signal: interrupt };
  const path = request.path + queryText(request.query);
  const outgoing = 'url' in place ? startAt(place.url + path, sent) : startHttp({ ...sent, socketPath: place.socketPath, path });
  outgoing.setTimeout(silence, () => outgoing.destroy(Object.assign(new Error('silence'), { code: 'ETIMEDOUT' })));
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve).on('error', reject);
      rejectWithoutResponse(outgoing, reject);
      if (content === undefined || typeof content === 'string') outgoing.end(content);
      // A service may answer before it has read everything: then the answer counts, and not what becomes of the rest.
      else pipeline(content, outgoing).catch(reject);
    });
  } catch (error) {
    // The file and not the connection.
    if (typeof content === 'object' && content.errored === error) throw error;
    throw new LostConnection(error, options);
  }
}

/**
 * For what Node's client reports by no error: 101 Switching Protocols (it was not asked for), after which nothing more would come.
 * @param reject called where no response comes.
 */
export function rejectWithoutResponse(outgoing: ClientRequest, reject: (error: Error) => void): void {
  outgoing.on('upgrade', (_response, socket) => {
    socket.destroy();
    reject(Object.assign(new Error('the protocol was switched'), { code: 'HPE_UNEXPECTED_UPGRADE' }));
  });
  let isAnswered = false;
  outgoing.on('response', () => {
    isAnswered = true;
  });
  outgoing.on('close', () => {
    if (!isAnswered) reject(Object.assign(new Error('closed without a response'), { code: 'ECONNRESET' }));
  });
}

function startAt(url: string, sent: RequestOptions): ClientRequest {
  return url.startsWith('https:') ? startHttps(url, sent) : startHttp(url, sent);
}

function ownHeaders({ key, language }: OperatorClientOptions): OutgoingHttpHeaders {
  return { authorization: `Bearer ${key}`, accept: 'application/json, */*;q=0.5', 'accept-language': language };
}

function contentOf({ body, upload, headers }: OperatorRequest): { content: string | Readable | undefined; headers: OutgoingHttpHeaders } {
  if (upload) return { content: upload.content, headers: { ...headers, 'content-type': upload.type } };
  if (body === undefined) return { content: undefined, headers: { ...headers } };
  const content = JSON.stringify(body);
  return { content, headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) } };
}

function queryText(query: OperatorRequest['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given}`;
}

/** Reads an answer; where it breaks off, that is told like any other lost connection. */
export async function* readAnswer(answer: IncomingMessage, options: OperatorClientOptions): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (error) {
    throw new LostConnection(error, options);
  }
}
