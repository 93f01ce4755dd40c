import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Language, Problem, type ProblemKind } from '../problems.ts';
import { closeAfter, mayArriveSlowly, readNoFurther, responsesInFlight } from './connections.ts';
import { httpProblems } from './http-problems.ts';
import { problemAnswer } from './problem-details.ts';
import { problemFromError } from './problem-from-error.ts';
import { sendProblem } from './problem-handler.ts';
import { logRequest, newRequestId } from './request-log.ts';
import { headersOf } from './security-headers.ts';

/** The parser's errors with a status of their own; any other is a bad request. */
const kindOfParserCode: Readonly<Record<string, ProblemKind>> = {
  ERR_HTTP_REQUEST_TIMEOUT: httpProblems.request_timeout,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: httpProblems.payload_too_large,
  HPE_HEADER_OVERFLOW: httpProblems.headers_too_large,
};

/** @returns Fastify's `clientErrorHandler`: answers bytes that never became a request, then closes the connection. */
export function socketErrorAnswer(language: Language): (this: FastifyInstance, error: ConnectionError, socket: Socket) => void {
  const inTurns = spreadOverTurns();
  return function answerSocketError(error, socket) {
    if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') {
      answerBroken(this, error, socket, language);
      return;
    }
    // Node reports a timeout once per request and then ignores it.
    if (mayArriveSlowly(socket)) return;
    const late = responsesInFlight(socket).at(-1);
    inTurns(() => {
      // It arrived after all.
      if (responsesInFlight(socket).at(-1) !== late || late?.req.complete) return;
      answerBroken(this, error, socket, language);
    });
  };
}

function answerBroken(app: FastifyInstance, error: ConnectionError, socket: Socket, language: Language): void {
  const kind = kindOfParserCode[error.code] ?? (error.code?.startsWith('HPE_') ? httpProblems.bad_request : undefined);
  const inFlight = responsesInFlight(socket);
  const newest = inFlight.at(-1);
  // Any other error is the connection's own, such as ECONNRESET: there is no one to answer.
  if (kind === undefined || !socket.writable) socket.destroy();
  else if (newest === undefined) logUnreadable(app, refuseOnSocket(socket, kind, language), kind);
  // The unreadable bytes come after requests in flight: an error now would be taken for the response to the first of them.
  else if (newest.req.complete) closeAfter(newest);
  // A request that broke off in its body has its own log line.
  else if (inFlight.length === 1 && !newest.headersSent) refuseOnSocket(socket, kind, language);
  else socket.destroy();
}

/** Milliseconds; the pauses leave most of the time to other requests, and 5,000 connections are answered within three seconds. */
const [longestTurn, pause] = [1, 5];

/**
 * @returns a function that runs pieces of work one by one with pauses between them. Connections that were opened together time out together:
 *   5,000 at once blocked all requests for 0.4 s, and without the pauses the slowest of a hundred requests took 2.2 times as long as usual.
 */
function spreadOverTurns(): (work: () => void) => void {
  let waiting: (() => void)[] = [];
  let next = 0;
  function takeTurn(): void {
    const until = performance.now() + longestTurn;
    do {
      waiting[next]?.();
      next += 1;
    } while (next < waiting.length && performance.now() < until);
    if (next < waiting.length) setTimeout(takeTurn, pause);
    else [waiting, next] = [[], 0];
  }
  return (work) => {
    waiting.push(work);
    if (waiting.length === 1) setImmediate(takeTurn);
  };
}

/** @returns Fastify's `frameworkErrors`: URLs that the router cannot read. Hooks do not run for these, and they have no decorators. */
export function frameworkErrorAnswer(language: Language): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) => {
    reply.headers(headersOf(request.protocol === 'https')).header('x-request-id', request.id);
    sendProblem(problemFromError(error, request), request, reply, language);
    logRequest(request, reply);
  };
}

/** Requests that Node would answer by itself, with an empty body. */
export function answerUnusualRequests(app: FastifyInstance, language: Language): void {
  app.server.on('connect', (_request, socket) => {
    // Node has removed its own listeners: without one a client that resets the connection would end the process.
    socket.on('error', () => socket.destroy());
    // An error now would be taken for the response to an earlier request.
    if (responsesInFlight(socket as Socket).length > 0) socket.destroy();
    else logUnreadable(app, refuseOnSocket(socket as Socket, httpProblems.bad_request, language), httpProblems.bad_request);
  });
  // RFC 9110, 10.1.1 lets a server ignore an unknown expectation.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
}

/** @returns the request id that was sent with the error. */
function refuseOnSocket(socket: Socket, kind: ProblemKind, language: Language): string {
  readNoFurther(socket);
  const { status, headers, body } = problemAnswer(new Problem(kind), language);
  const requestId = newRequestId();
  const fields = {
    ...headersOf('encrypted' in socket),
    ...headers,
    'x-request-id': requestId,
    date: new Date().toUTCString(),
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  return requestId;
}

function logUnreadable(app: FastifyInstance, requestId: string, { status, code }: ProblemKind): void {
  app.noteAnswer({ method: null, route: null, status, code, seconds: null, countedAs: null });
  app.log.info({ requestId, method: null, route: null, status, code }, 'request');
}
