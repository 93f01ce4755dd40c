import { Agent, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Sends a request once more where its answer was lost, if that cannot do anything twice. @returns the answer, its body read as JSON. */
  request<Body>(request: OperatorRequest): Promise<OperatorAnswer<Body>>;
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
const streamed = /^(?:text\/csv|application\/x-ndjson)(?:;|$)/i;

export function createOperatorClient(options: OperatorClientOptions): OperatorClient {
  const agent = 'url' in options.place && options.place.url.startsWith('https:') ? new SecureAgent(agentOptions) : new Agent(agentOptions);

  async function send(request: OperatorRequest, silence: number): Promise<IncomingMessage> {
    const answer = await exchange(options, agent, request, silence);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusedAnswer(status, answer.headers.location, parseJson(await readText(readAnswer(answer, options))), options.language);
  }

  async function requestOnce<Body>(request: OperatorRequest): Promise<OperatorAnswer<Body>> {
    const answer = await send(request, request.upload ? patientSilenceLimit : silenceLimit);
    const status = answer.statusCode ?? 0;
    const body = parseJson(await readText(readAnswer(answer, options))) as Body | undefined;
    if (body === undefined) throw foreignAnswer(status, options.language);
    return { status, headers: answer.headers, body };
  }

  return {
    async request<Body>(request: OperatorRequest) {
      try {
        return await requestOnce<Body>(request);
      } catch (error) {
        if (!(error instanceof LostConnection && error.mayBeBack && isRepeatable(request))) throw error;
        await sleep(pauseBeforeRepeating);
        return requestOnce<Body>(request);
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

/** @returns undefined where the text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
