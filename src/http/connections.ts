import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { followHandshakes } from './https/handshakes.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on each answer closes its connection, so that a balancer opens its next one elsewhere. */
    askToReconnect(): void;
  }
}

/** After this many requests a client is asked to open another connection, which a balancer may send elsewhere. */
const maximumRequests = 10_000;
/** Milliseconds that a connection which was opened just before the close has for its request. */
const lastRequestWithin = 100;

interface ConnectionState {
  requests: number;
  /** The newest answer under way; undefined while nothing was asked. */
  answer: ServerResponse | undefined;
}

const states = new WeakMap<Socket, ConnectionState>();

/** @returns the newest answer under way on a connection. */
export function answerUnderWay(socket: Socket): ServerResponse | undefined {
  return states.get(socket)?.answer;
}

const slowlyArriving = new WeakSet<Socket>();

/** Takes the request under way on a connection out of the server's limit for requests to arrive: its route has one of its own. @param answer to it. */
export function letArriveSlowly(socket: Socket, answer: ServerResponse): void {
  slowlyArriving.add(socket);
  answer.once('close', () => slowlyArriving.delete(socket));
}

/** @returns whether the server's limit does not hold for the request under way. */
export function mayArriveSlowly(socket: Socket): boolean {
  return slowlyArriving.has(socket);
}

/**
 * Lets `app.close()` finish the requests under way and nothing else. Node alone waits for more: a connection that never sent
 * a request (browsers open some in advance) is not idle to it, and one that is answered during the close stays open for
 * the whole `keepAliveTimeout`. Node's `maxRequestsPerSocket` is not used either: it answers later requests with an empty
 * 503 and leaves the connection open.
 */
export function closeConnectionsInOrder(app: FastifyInstance): void {
  const open = new Set<Socket>();
  let closing = false;
  let leaving = false;
  function askToReconnect(): void {
    leaving = true;
    for (const socket of open) sayClose(answerUnderWay(socket));
  }
  app.decorate('askToReconnect', askToReconnect);
  // Under TLS requests belong to the secured socket and not to the one below.
  const isSecure = 'addContext' in app.server;
  const cutHandshakes = isSecure ? followHandshakes(app.server) : () => undefined;
  app.server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (closing) socket.destroy();
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  // Before Fastify's own listener, which may send the header fields at once.
  app.server.prependListener('request', (request, response) => {
    noteRequest(request.socket, response);
    if (leaving) sayClose(response);
  });
  app.addHook('preClose', async () => {
    const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
    // Nobody new comes from here on, and whoever came a moment ago may be about to ask.
    askToReconnect();
    if (open.size > 0) await delay(lastRequestWithin);
    closing = true;
    cutHandshakes();
    for (const socket of open) closeAfterAnswer(socket);
    await closed;
  });
}

function noteRequest(socket: Socket, answer: ServerResponse): void {
  const state = states.get(socket) ?? { requests: 0, answer };
  states.set(socket, state);
  state.requests += 1;
  state.answer = answer;
  if (state.requests >= maximumRequests) answer.setHeader('connection', 'close');
  answer.once('close', () => {
    if (state.answer === answer) state.answer = undefined;
  });
}

function closeAfterAnswer(socket: Socket): void {
  const answer = answerUnderWay(socket);
  if (answer === undefined) socket.destroy();
  else if (answer.headersSent) answer.once('close', () => socket.end());
  else sayClose(answer);
}

function sayClose(answer: ServerResponse | undefined): void {
  if (answer && !answer.headersSent) answer.setHeader('connection', 'close');
}
