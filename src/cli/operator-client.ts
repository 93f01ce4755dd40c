import { Agent, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { readBounded, TooLong } from './bounded-text.ts';
import { LostConnection } from './lost-connection.ts';
import { exchange, type OperatorClientOptions, type OperatorRequest, readAnswer } from './operator-exchange.ts';
import { foreignAnswer, refusedAnswer } from './refused-answer.ts';

interface OperatorAnswer<Body> {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Body;
}

/**
 * Speaks the HTTP interface of operators: the same requests to a service elsewhere and to the application in this process.
 * Both methods throw Refusal for every answer that is no success, and LostConnection where none came.
 */
export interface OperatorClient {
  /**
   * Sends a request once more where its answer was lost, if that cannot do anything twice.
   * @param shape what the body has to be; anything else is not Chodae's.
   * @returns the answer, its body read as JSON and as it came.
   */
  request<Shape extends z.ZodType>(request: OperatorRequest, shape: Shape): Promise<OperatorAnswer<z.output<Shape>>>;
  /** @returns the answer with its body as it comes; reading it throws LostConnection where it breaks off. */
  stream(request: OperatorRequest): Promise<OperatorAnswer<AsyncIterable<Buffer>>>;
  close(): void;
}

/** Milliseconds without a byte either way after which a connection counts as lost. */
const silenceLimit = 60_000;
/** The same while a file is judged or a hundred thousand rows are made: the service says nothing for as long as that takes. */
const patientSilenceLimit = 900_000;
/** Milliseconds. */
const pauseBeforeRepeating = 500;
/** Bytes. A page of 500 invitations with people has less than 1 MiB. */
const longestAnswer = 16 * 2 ** 20;
/** Objects and arrays in each other; ours have five. */
const deepest = 32;
const streamed = /^(?:text\/csv|application\/x-ndjson)(?:;|$)/i;

export function createOperatorClient(options: OperatorClientOptions): OperatorClient {
  const agent = 'url' in options.place && options.place.url.startsWith('https:') ? new SecureAgent(agentOptions) : new Agent(agentOptions);

  async function send(request: OperatorRequest, silence: number): Promise<IncomingMessage> {
    const answer = await exchange(options, agent, request, silence);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusedAnswer(status, answer.headers.location, await readJson(answer), options.language);
  }

  /** @returns undefined where it is no JSON of ours. */
  async function readJson(answer: IncomingMessage): Promise<unknown> {
    const type = answer.headers['content-type'] ?? 'application/json';
    if (!/^application\/(?:[\w.-]+\+)?json(?:;|$)/i.test(type)) {
      answer.destroy();
      return undefined;
    }
    try {
      return parseJson(await readBounded(readAnswer(answer, options), longestAnswer));
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      return undefined;
    }
  }

  async function requestOnce<Shape extends z.ZodType>(request: OperatorRequest, shape: Shape): Promise<OperatorAnswer<z.output<Shape>>> {
    const answer = await send(request, request.upload ? patientSilenceLimit : silenceLimit);
    const status = answer.statusCode ?? 0;
    const json = await readJson(answer);
    const judged = shape.safeParse(json);
    if (json === undefined || !judged.success) throw foreignAnswer(status, options.language);
    return { status, headers: answer.headers, body: judged.data };
  }

  return {
    async request(request, shape) {
      try {
        return await requestOnce(request, shape);
      } catch (error) {
        if (!(error instanceof LostConnection && error.mayBeBack && isRepeatable(request))) throw error;
        await sleep(pauseBeforeRepeating);
        return requestOnce(request, shape);
      }
    },
    async stream(request) {
      const answer = await send(request, patientSilenceLimit);
      const status = answer.statusCode ?? 0;
      if (!streamed.test(answer.headers['content-type'] ?? '')) throw foreignAnswer(status, options.language);
      return { status, headers: answer.headers, body: readAnswer(answer, options) };
    },
    close: () => agent.destroy(),
  };
}

const agentOptions = { keepAlive: true, maxSockets: 4 };

/** A file is sent as it is read, and so only once. */
function isRepeatable({ method, upload, headers }: OperatorRequest): boolean {
  return method === 'GET' || (upload === undefined && headers?.['idempotency-key'] !== undefined);
}

/** @returns undefined where the text is no JSON, or is nested so deeply that whatever walks through it could fail. */
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
