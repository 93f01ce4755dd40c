import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request as sendRequest } from 'undici';
import type { z } from 'zod';
import type { Language, Sentence } from '../problems.ts';
import type { BaseUrl } from './base-url.ts';
import { CommandError } from './exit-codes.ts';
import { type Message, translate } from './messages.ts';
import { printable } from './printable.ts';

/** Where requests go: an address, or a local socket. */
export type Place = { readonly url: BaseUrl } | { readonly socketPath: string };

export interface ApiClientOptions {
  readonly place: Place;
  /** An operator key, sent with every request. */
  readonly key?: string;
  readonly language: Language;
  /** Aborts every request. */
  readonly signal: AbortSignal;
  /** Milliseconds from sending a request to the end of its answer; default: only silence is limited. */
  readonly timeLimit?: number;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Values that are undefined are not sent. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: unknown;
  /** Sent while it is read, in place of `body`. */
  readonly upload?: { readonly type: string; readonly content: Readable };
  /** Lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

/**
 * The one HTTP client of the command line. `request` and `stream` throw CommandError unless the status is a success; all of them throw
 * ConnectionError unless a whole answer came.
 */
export interface ApiClient {
  /**
   * Sends a request and judges the answer. If the answer is lost and repeating is harmless, the request is sent once more.
   * @param shape what the body has to be; any other body is refused as not Chodae's.
   */
  request<Shape extends z.ZodType>(request: ApiRequest, shape: Shape): Promise<ApiAnswer<z.output<Shape>>>;
  /** @returns the answer with its body as it arrives. */
  stream(request: ApiRequest): Promise<ApiAnswer<AsyncIterable<Buffer>>>;
  /** @returns the answer with its text, whatever its status is. */
  fetchText(request: ApiRequest): Promise<ApiAnswer<string>>;
  close(): void;
}

/** Milliseconds without a byte, after which a connection counts as lost. */
const silenceLimit = 60_000;
/** The same for uploads and streams: the service may judge a file, or make a hundred thousand rows, before it answers. */
const longSilenceLimit = 900_000;
/** Milliseconds. */
const pauseBeforeRepeating = 500;
/** Bytes. The longest answers are ReDoc's program (1.5 MB) and a page of 500 invitations (less than 1 MB). */
const longestAnswer = 16 * 2 ** 20;
/** Bytes; a line of ours has a few hundred. */
const longestLine = 2 ** 20;
/** Levels of objects and arrays; ours have five. */
const deepest = 32;
const streamed = /^(?:text\/csv|application\/x-ndjson)(?:;|$)/i;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { language } = options;
  const agent = new Agent({
    connections: 4,
    headersTimeout: silenceLimit,
    bodyTimeout: silenceLimit,
    connect: { timeout: silenceLimit, ...('socketPath' in options.place && { socketPath: options.place.socketPath }) },
  });

  async function send(request: ApiRequest, limits: { silence: number }): Promise<ApiAnswer<AsyncIterable<Buffer>>> {
    const answer = await exchange(options, agent, request, limits.silence);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw problemError(answer, await readJson(answer), language);
  }

  async function requestOnce<Shape extends z.ZodType>(request: ApiRequest, shape: Shape): Promise<ApiAnswer<z.output<Shape>>> {
    const answer = await send(request, { silence: request.upload ? longSilenceLimit : silenceLimit });
    const json = await readJson(answer);
    const judged = shape.safeParse(json);
    if (json === undefined || !judged.success) throw foreignAnswer(answer.status, language);
    return { ...answer, body: judged.data };
  }

  return {
    async request(request, shape) {
      try {
        return await requestOnce(request, shape);
      } catch (error) {
        if (!(error instanceof ConnectionError && error.mayBeBack && isRepeatable(request))) throw error;
        await sleep(pauseBeforeRepeating);
        return requestOnce(request, shape);
      }
    },
    async stream(request) {
      const answer = await send(request, { silence: longSilenceLimit });
      if (streamed.test(mediaTypeOf(answer))) return answer;
      await endBody(answer);
      throw foreignAnswer(answer.status, language);
    },
    async fetchText(request) {
      const answer = await exchange(options, agent, request, silenceLimit);
      const text = await readBounded(answer.body);
      if (text === undefined) throw new ConnectionError({ sentence: failures.tooLong }, options);
      return { ...answer, body: text };
    },
    close: () => void agent.destroy().catch(() => {}),
  };
}

/** An upload is read while it is sent, so it cannot be sent twice. */
function isRepeatable({ method, upload, headers }: ApiRequest): boolean {
  return method === 'GET' || (upload === undefined && headers?.['idempotency-key'] !== undefined);
}

/** @throws ConnectionError; the error of `upload.content` if the file cannot be read. */
async function exchange(
  options: ApiClientOptions,
  agent: Agent,
  request: ApiRequest,
  silence: number,
): Promise<ApiAnswer<AsyncIterable<Buffer>>> {
  const { place, key, language } = options;
  const origin = 'url' in place ? place.url : 'http://localhost';
  const { upload } = request;
  const deadline = startDeadline(options);
  const sent = {
    dispatcher: agent,
    method: request.method,
    headers: {
      accept: 'application/json, */*;q=0.5',
      'accept-language': language,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...typeOfBody(request),
      ...request.headers,
    },
    body: upload?.content ?? textOfBody(request),
    signal: deadline.signal,
    headersTimeout: silence,
    bodyTimeout: silence,
  };
  try {
    const { statusCode, headers, body } = await sendRequest(origin + request.path + queryText(request.query), sent);
    return { status: statusCode, headers, body: readBody(body, options, deadline) };
  } catch (error) {
    deadline.stop();
    // The file failed, not the connection.
    if (upload !== undefined && upload.content.errored === error && !deadline.signal.aborted) throw error;
    throw connectionError(error, options, deadline);
  }
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly isOver: () => boolean;
  readonly stop: () => void;
}

/** A timer of its own: on Node 20 a signal made by `AbortSignal.any` can be collected before it fires. */
function startDeadline({ signal, timeLimit }: ApiClientOptions): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let isOver = false;
  const end = () => {
    isOver = true;
    abort();
  };
  const timer = timeLimit === undefined ? undefined : setTimeout(end, timeLimit);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return {
    signal: controller.signal,
    isOver: () => isOver,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}

async function* readBody(body: Dispatcher.ResponseData['body'], options: ApiClientOptions, deadline: Deadline): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    throw connectionError(error, options, deadline);
  } finally {
    deadline.stop();
    // Reading may end early; without a listener the abort would be thrown.
    body.on('error', () => {}).destroy();
  }
}

function typeOfBody({ body, upload }: ApiRequest): Record<string, string> {
  if (upload) return { 'content-type': upload.type };
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

function textOfBody({ body }: ApiRequest): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function queryText(query: ApiRequest['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given}`;
}

/** @returns the media type with its parameters; empty if the answer names none. */
function mediaTypeOf({ headers }: ApiAnswer<unknown>): string {
  return String(headers['content-type'] ?? '');
}

/** Ends an answer whose body is not wanted. */
async function endBody({ body }: ApiAnswer<AsyncIterable<Buffer>>): Promise<void> {
  // Only a generator that has begun runs its `finally`.
  const reading = body[Symbol.asyncIterator]();
  await reading.next().catch(() => {});
  await reading.return?.();
}

/** @returns undefined unless the body is JSON that could be ours. */
async function readJson(answer: ApiAnswer<AsyncIterable<Buffer>>): Promise<unknown> {
  if (!/^(?:application\/(?:[\w.-]+\+)?json(?:;|$)|$)/i.test(mediaTypeOf(answer))) {
    await endBody(answer);
    return undefined;
  }
  const text = await readBounded(answer.body);
  return text === undefined ? undefined : parseJson(text);
}

/** @returns the text; undefined if it is longer than any answer of ours, and the rest is not read. */
async function readBounded(chunks: AsyncIterable<Buffer>): Promise<string | undefined> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > longestAnswer) return undefined;
    read.push(chunk);
  }
  return Buffer.concat(read).toString();
}

/** @returns undefined if the text is not JSON, or is nested so deeply that walking through it could overflow the stack. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(value, deepest) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

/**
 * Reads NDJSON, a value a line. A last line without a line end was cut off and is ignored. Not `node:readline`, which splits at U+2028 too and
 * keeps a line however long it is.
 * @param lineError makes the error for a line that is not JSON or too long.
 */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>, lineError: () => Error): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw lineError();
    for (const line of lines) {
      if (line.trim() === '') continue;
      const value = parseJson(line);
      if (value === undefined) throw lineError();
      yield value;
    }
  }
}

const failures = {
  interrupted: { ko: '중단했습니다', en: 'interrupted' },
  late: { ko: '{seconds}초 안에 응답이 없습니다', en: 'no answer within {seconds} s' },
  refused: { ko: '이 주소에서 기다리는 프로그램이 없습니다', en: 'nothing listens at this address' },
  unknownHost: { ko: '호스트를 찾을 수 없습니다', en: 'host not found' },
  untrusted: {
    ko: '서버 인증서를 신뢰할 수 없습니다({reason}). 사설 인증서라면 NODE_EXTRA_CA_CERTS에 그 파일을 지정하세요',
    en: 'the certificate of the server is not trusted ({reason}); for one of your own, name its file in NODE_EXTRA_CA_CERTS',
  },
  noTls: { ko: '이 포트는 HTTPS를 쓰지 않습니다', en: 'this port does not speak HTTPS' },
  noHttp: { ko: '이 포트의 응답은 HTTP가 아닙니다', en: 'the response at this port is not HTTP' },
  tooLong: { ko: '응답이 허용 크기보다 깁니다', en: 'the response is larger than allowed' },
  broken: { ko: '연결이 끊어졌습니다({reason})', en: 'the connection broke ({reason})' },
} satisfies Record<string, Sentence>;

const sentences = {
  interrupted: { ko: '중단했습니다.', en: 'Interrupted.' },
  lost: { ko: '{place}: 서버가 응답하지 않습니다. {reason}.', en: '{place} does not answer: {reason}.' },
  here: { ko: '이 컴퓨터의 데이터베이스', en: 'The database of this machine' },
  foreign: {
    ko: '이 답(HTTP {status})은 Chodae의 것이 아닌 것 같습니다. 주소를 확인하세요.',
    en: 'This answer (HTTP {status}) does not seem to come from Chodae: check the address.',
  },
  redirect: {
    ko: '서버가 다른 주소({location})로 보냅니다. 그 주소를 --url로 지정하세요.',
    en: 'The server sends requests on to {location}: give that address as --url.',
  },
} satisfies Record<string, Sentence>;

/** No answer came, or only a part of one. The request may have been carried out. */
export class ConnectionError extends CommandError {
  override readonly name = 'ConnectionError';
  /** Part of a sentence, without a stop. */
  readonly reason: Message;
  /** The connection was there and broke: the same request may be answered now. */
  readonly mayBeBack: boolean;

  constructor(reason: Message, { place, language, signal }: ApiClientOptions, mayBeBack = false) {
    const values = { place: 'url' in place ? place.url : sentences.here[language], reason: translate(reason, language) };
    super(translate(signal.aborted ? { sentence: sentences.interrupted } : { sentence: sentences.lost, values }, language));
    this.reason = reason;
    this.mayBeBack = mayBeBack;
  }
}

/** A connection that broke; undici's names are told as the operating system would call them. */
const brokenCodes: Readonly<Record<string, string>> = {
  ECONNRESET: 'ECONNRESET',
  EPIPE: 'EPIPE',
  ETIMEDOUT: 'ETIMEDOUT',
  ECONNABORTED: 'ECONNABORTED',
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
};

function connectionError(error: unknown, options: ApiClientOptions, deadline: Deadline): ConnectionError {
  if (options.signal.aborted) return new ConnectionError({ sentence: failures.interrupted }, options);
  if (deadline.isOver())
    return new ConnectionError({ sentence: failures.late, values: { seconds: (options.timeLimit ?? 0) / 1000 } }, options);
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) };
  const reason = code ?? message;
  if (reason === 'ECONNREFUSED') return new ConnectionError({ sentence: failures.refused }, options);
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return new ConnectionError({ sentence: failures.unknownHost }, options);
  if (/CERT|VERIFY|ALTNAME/.test(reason)) return new ConnectionError({ sentence: failures.untrusted, values: { reason } }, options);
  if (/SSL|EPROTO/.test(reason)) return new ConnectionError({ sentence: failures.noTls }, options);
  // 101 Switching Protocols, which no request asks for.
  if (/^HPE_|HEADERS_OVERFLOW/.test(reason) || message === 'bad upgrade')
    return new ConnectionError({ sentence: failures.noHttp }, options);
  const broken = brokenCodes[reason];
  return new ConnectionError({ sentence: failures.broken, values: { reason: broken ?? reason } }, options, broken !== undefined);
}

/** @returns the error for an answer that is no success: the problem's own sentence, then a line for each field that is wrong. */
export function problemError(
  { status, headers }: Pick<ApiAnswer<unknown>, 'status' | 'headers'>,
  body: unknown,
  language: Language,
): CommandError {
  if (status >= 300 && status < 400) {
    const values = { location: printable(String(headers.location ?? '?')) };
    return new CommandError(translate({ sentence: sentences.redirect, values }, language), { status, code: null });
  }
  const { code, detail, errors } = membersOf(body);
  if (typeof code !== 'string' || !/^[a-z][a-z_]{0,63}$/.test(code) || typeof detail !== 'string') return foreignAnswer(status, language);
  const fields = fieldErrors(errors);
  const lines = [detail, ...fields.map(lineFor)];
  return new CommandError(lines.map(printable).join('\n'), { status, code, ...(fields.length > 0 && { errors: fields }) });
}

/** @returns the error for an answer that Chodae does not give: another service is at the address. */
export function foreignAnswer(status: number, language: Language): CommandError {
  return new CommandError(translate({ sentence: sentences.foreign, values: { status } }, language), { status, code: null });
}

interface FieldError {
  /** Only of a file; counted from 1. */
  readonly line?: number;
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

function lineFor({ line, field, message }: FieldError): string {
  if (line !== undefined) return `  ${String(line).padStart(7)}  ${field || '-'}  ${message}`;
  return field === '' ? `  ${message}` : `  ${field}: ${message}`;
}

function fieldErrors(errors: unknown): FieldError[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: Partial<FieldError> | null) => {
    if (typeof error?.field !== 'string' || typeof error.code !== 'string' || typeof error.message !== 'string') return [];
    const { line, field, code, message } = error;
    if (line !== undefined && !Number.isSafeInteger(line)) return [];
    return [{ field, ...(line !== undefined && { line }), code, message }];
  });
}

function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
