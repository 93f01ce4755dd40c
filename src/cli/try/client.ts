import { type IncomingHttpHeaders, request as startHttp } from 'node:http';
import { request as startHttps } from 'node:https';
import type { Language } from '../../errors.ts';
import type { BaseUrl } from '../base-url.ts';
import { readBounded } from '../bounded-text.ts';
import { rejectWithoutResponse } from '../operator-exchange.ts';
import type { Remark } from '../remark.ts';
import { explainSilence } from '../silence.ts';
import type { WireRequest } from './requests.ts';

/** What a server answered. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Without parameters, lower case; empty where the server named none. */
  readonly mediaType: string;
  /** The members of a JSON object; undefined where the body is anything else. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly milliseconds: number;
}

/** No complete answer came. */
export interface Silence {
  readonly kind: 'silence';
  readonly reason: Remark;
  readonly milliseconds: number;
}

export type Outcome = Answer | Silence;

export interface Client {
  send(request: WireRequest): Promise<Outcome>;
}

export interface ClientOptions {
  readonly baseUrl: BaseUrl;
  readonly language: Language;
  readonly timeLimitMilliseconds: number;
  /** Ends every request at once. */
  readonly interrupt?: AbortSignal;
}

/** @returns a client that sends one request at a time to one server and never waits longer than the limit. */
export function createClient(options: ClientOptions): Client {
  return {
    async send(request) {
      const begin = performance.now();
      const elapsed = () => Math.round(performance.now() - begin);
      const deadline = startDeadline(options);
      try {
        const received = await exchange(options, request, deadline.signal);
        return { kind: 'answer', ...readAnswer(received), milliseconds: elapsed() };
      } catch (error) {
        return { kind: 'silence', reason: silenceReason(error, options, deadline.signal), milliseconds: elapsed() };
      } finally {
        deadline.stop();
      }
    },
  };
}

/** A timer of its own, because a signal combined by `AbortSignal.any` can be collected before it fires on Node 20. */
function startDeadline({ timeLimitMilliseconds, interrupt }: ClientOptions): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeLimitMilliseconds);
  interrupt?.addEventListener('abort', abort, { once: true });
  if (interrupt?.aborted) abort();
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      interrupt?.removeEventListener('abort', abort);
    },
  };
}

function silenceReason(error: unknown, options: ClientOptions, deadline: AbortSignal): Remark {
  if (options.interrupt?.aborted) return explainSilence.interrupted();
  if (deadline.aborted) return explainSilence.late(options.timeLimitMilliseconds / 1000);
  return explainSilence.network(error);
}

const redirectLimit = 3;
/** Bytes; the largest document, ReDoc's program, has 1.5 MB. */
const longestAnswer = 16 * 2 ** 20;

async function exchange(options: ClientOptions, request: WireRequest, signal: AbortSignal): Promise<Received> {
  let url = options.baseUrl + request.path;
  for (let hops = 0; ; hops += 1) {
    const received = await sendOnce(url, request, options.language, signal);
    const target = request.followRedirects && hops < redirectLimit ? redirectTarget(received, url) : undefined;
    if (target === undefined) return received;
    url = target;
  }
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Not `fetch`, which refuses ports that browsers keep for other services, such as 6000, and hides what went wrong. */
function sendOnce(url: string, { method, headers, body }: WireRequest, language: Language, signal: AbortSignal): Promise<Received> {
  const start = url.startsWith('https:') ? startHttps : startHttp;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const allHeaders = { accept: 'application/json', 'accept-language': language, ...length, ...headers };
    const outgoing = start(url, { method, headers: allHeaders, signal });
    outgoing.on('error', reject);
    rejectWithoutResponse(outgoing, reject);
    outgoing.on('response', (incoming) => {
      readBounded(incoming, longestAnswer).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

/** @returns where the server sends the reader on, as long as that is the same server: nobody asked for requests to another one. */
function redirectTarget({ status, headers: { location } }: Received, from: string): string | undefined {
  if (status < 300 || status > 399 || !location || !URL.canParse(location, from)) return undefined;
  const target = new URL(location, from);
  return target.origin === new URL(from).origin ? target.href : undefined;
}

function readAnswer({ status, headers, text }: Received): Omit<Answer, 'kind' | 'milliseconds'> {
  const mediaType = (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
  return { status, headers, mediaType, body: parseObject(text) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
