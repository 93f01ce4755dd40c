import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { canonicalAddress, networkOf } from '../ip-address.ts';

export interface ConnectionLimits {
  /**
   * Responses in flight on one connection. Node parses up to 64 KiB, some 1,800 small requests, before it looks at back-pressure; each of
   * them would have its response made and kept while the client reads none.
   */
  readonly inFlight: number;
  /** Requests on one connection; with the last response the client is asked to open another, which a balancer may send elsewhere. */
  readonly requests: number;
  /** Milliseconds for which a client may take nothing of what is being sent to it. */
  readonly stalledWrite: number;
  /** Open connections of one network: an IPv4 address, or a /64 of IPv6. */
  readonly ofNetwork: number;
  /** Open connections. An idle one takes about 10 KiB. */
  readonly total: number;
}

const defaults: ConnectionLimits = { inFlight: 8, requests: 10_000, stalledWrite: 60_000, ofNetwork: 256, total: 8_192 };

/** Why a connection was closed from this side, as the log says it. */
const reasons = {
  inFlight: 'connections closed: too many requests in flight on one connection',
  stalledWrite: 'connections closed: the client did not read its response',
  ofNetwork: 'connections closed: too many from one network; if that is a proxy or an address translator, name it in TRUST_PROXY',
  total: 'connections closed: too many are open',
} as const;
type Reason = keyof typeof reasons;

/** Milliseconds between two log lines for the same reason. */
const logPause = 60_000;

interface Connection {
  /** Under TLS the encrypted one until the handshake is over, then the secured one. */
  socket: Socket;
  readonly network: Network | undefined;
  requests: number;
  /** In the order of their requests. Node sends them one after another: all but the first have no socket yet. */
  readonly inFlight: Set<ServerResponse>;
  /** No further request is read: the response in flight closes the connection (RFC 9112, 9.6). */
  isLast: boolean;
  /** Requests after the last one, which are dropped. */
  dropped: number;
  /** To a request that has a limit of its own for its arrival. */
  slowlyArriving: ServerResponse | undefined;
  /** Called when the client has sent FIN: it has closed the connection, or only its sending side. */
  readonly onClientEnd: Set<() => void>;
  /** How much of the response the client had taken, and since when it is no more than that. */
  taken: string;
  takenSince: number;
}

interface Network {
  readonly name: string;
  open: number;
  /** As in `limitConnections`. */
  readonly idle: Set<Connection>;
}

const connections = new WeakMap<Socket, Connection>();

export interface LimitOptions {
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Whether an address may open as many connections as it likes: that of a trusted proxy. */
  readonly isExempt?: (address: string) => boolean;
  readonly log?: { warn(fields: object, message: string): void };
}

export interface Connections {
  /** Open ones. */
  count(): number;
  /** From now on each response closes its connection, so that a balancer opens its next one elsewhere. */
  askToReconnect(): void;
  /** Closes every connection, each after the responses in flight, and every new one at once. */
  closeAll(): void;
}

/**
 * Bounds what the clients of a server can make it hold. A request that exceeds `inFlight` closes its connection. Where a network, or all
 * together, have as many connections as they may, the one that has been idle the longest makes room for the new one; where none is idle the new
 * one is closed. A client that sends FIN after its requests gets their responses.
 * @param server of plain HTTP or TLS, whose request listeners are there already: they no longer hear of requests that are refused here.
 */
export function limitConnections(server: Server, options: LimitOptions = {}): Connections {
  const limits = { ...defaults, ...options.limits };
  const { isExempt = () => false } = options;
  const report = reporter(options.log);
  const open = new Set<Connection>();
  /** Without a response in flight, in the order in which that began: the first has been idle the longest. */
  const idle = new Set<Connection>();
  const networks = new Map<string, Network>();
  const handshakes = new Map<string, Connection>();
  let isLeaving = false;
  let isClosing = false;

  function networkWith(socket: Socket): Network | undefined {
    const address = canonicalAddress(socket.remoteAddress ?? '');
    // A Unix socket has no address, and a client that has gone again has none either.
    if (address === undefined || isExempt(address)) return undefined;
    const name = networkOf(address);
    return networks.get(name) ?? { name, open: 0, idle: new Set() };
  }

  function add(socket: Socket): Connection | undefined {
    const network = networkWith(socket);
    const hasRoom =
      !isClosing &&
      (network === undefined || network.open < limits.ofNetwork || makeRoom(network.idle, 'ofNetwork')) &&
      (open.size < limits.total || makeRoom(idle, 'total'));
    if (!hasRoom) {
      socket.destroy();
      return undefined;
    }
    const connection: Connection = {
      socket,
      network,
      requests: 0,
      inFlight: new Set(),
      isLast: false,
      dropped: 0,
      slowlyArriving: undefined,
      onClientEnd: new Set(),
      taken: '',
      takenSince: 0,
    };
    open.add(connection);
    if (network) {
      networks.set(network.name, network);
      network.open += 1;
    }
    markIdle(connection);
    socket.once('close', () => remove(connection));
    return connection;
  }

  function makeRoom(among: ReadonlySet<Connection>, reason: Reason): boolean {
    report(reason);
    const [longest] = among;
    if (longest) cut(longest);
    return longest !== undefined;
  }

  /** Its place is free at once. */
  function cut(connection: Connection): void {
    remove(connection);
    stopParsing(connection.socket);
    connection.socket.destroy();
  }

  function remove(connection: Connection): void {
    if (!open.delete(connection)) return;
    markBusy(connection);
    const { network } = connection;
    if (network === undefined) return;
    network.open -= 1;
    if (network.open === 0) networks.delete(network.name);
  }

  function markIdle(connection: Connection): void {
    idle.add(connection);
    connection.network?.idle.add(connection);
  }

  function markBusy(connection: Connection): void {
    idle.delete(connection);
    connection.network?.idle.delete(connection);
  }

  /** @param socket the one that requests come over. */
  function serve(connection: Connection, socket: Socket): void {
    connection.socket = socket;
    connections.set(socket, connection);
    socket.once('end', () => {
      for (const listener of connection.onClientEnd) listener();
    });
    socket.once('close', () => {
      for (const response of connection.inFlight) if (response.socket === null) closeQueued(response);
    });
  }

  function isAdmitted({ socket, headers }: IncomingMessage, response: ServerResponse): boolean {
    const connection = connections.get(socket);
    // Node goes on parsing what it has read of a connection that was closed meanwhile.
    if (connection === undefined || socket.destroyed) return false;
    if (connection.inFlight.size + connection.dropped >= limits.inFlight) {
      report('inFlight');
      cut(connection);
      return false;
    }
    if (connection.isLast) {
      connection.dropped += 1;
      return false;
    }
    connection.requests += 1;
    connection.inFlight.add(response);
    markBusy(connection);
    response.once('close', () => {
      connection.inFlight.delete(response);
      if (connection.inFlight.size === 0 && open.has(connection)) markIdle(connection);
    });
    // Behind `Upgrade` Node's parser drops what it has read and takes whatever comes next for a request, the body of one perhaps.
    if (isLeaving || connection.requests >= limits.requests || headers.upgrade !== undefined) closeAfter(response);
    return true;
  }

  function cutStalled(): void {
    const now = performance.now();
    for (const connection of open) {
      const { socket } = connection;
      const taken = socket.writableLength === 0 ? '' : takenFrom(socket);
      if (taken === '' || taken !== connection.taken) {
        connection.taken = taken;
        connection.takenSince = now;
      } else if (now - connection.takenSince >= limits.stalledWrite) {
        report('stalledWrite');
        cut(connection);
      }
    }
  }

  if (isSecure(server)) {
    server.on('connection', (socket) => {
      const connection = add(socket);
      if (connection === undefined) return;
      const peer = peerOf(socket);
      handshakes.set(peer, connection);
      socket.once('close', () => {
        if (handshakes.get(peer) === connection) handshakes.delete(peer);
      });
    });
    // The secured socket is another object with the same peer.
    server.on('secureConnection', (socket) => {
      const connection = handshakes.get(peerOf(socket));
      handshakes.delete(peerOf(socket));
      if (connection && open.has(connection)) serve(connection, socket);
      else socket.destroy();
    });
  } else {
    server.on('connection', (socket) => {
      const connection = add(socket);
      if (connection) serve(connection, socket);
    });
  }
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isAdmitted(request, response)) for (const listener of listeners) listener(request, response);
  });
  Object.assign(server, { httpAllowHalfOpen: true });
  server.once('listening', () => {
    const looking = setInterval(cutStalled, Math.min(5_000, limits.stalledWrite / 10)).unref();
    server.once('close', () => clearInterval(looking));
  });

  return {
    count: () => open.size,
    askToReconnect() {
      isLeaving = true;
      for (const { inFlight } of open) {
        const newest = [...inFlight].at(-1);
        if (newest && !newest.headersSent) closeAfter(newest);
      }
    },
    closeAll() {
      isClosing = true;
      for (const { socket, inFlight } of open) {
        const newest = [...inFlight].at(-1);
        if (newest) closeAfter(newest);
        else socket.destroy();
      }
    },
  };
}

/**
 * Saves Node from making a request and a response of whatever else it has read of a connection that is being closed: of 64 KiB with 1,700 requests
 * that took 30 ms. A message whose handler gives 2 ends the parsing. Without effect where a later Node names things otherwise.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: unknown } | null };
  if (parser?.onIncoming) parser.onIncoming = () => 2;
}

/** Node destroys only the response that has the socket. The others would keep what they send from: a file, rows of a database. */
function closeQueued(response: ServerResponse): void {
  response.destroy();
  // As Node does it for the other; also seen by `stream.finished` when somebody begins to send only now.
  Object.assign(response, { _closed: true });
  response.emit('close');
}

/**
 * @returns something that changes whenever the client takes some of what is being sent. Node's public figures change only when a whole write is
 *   done, which may be a megabyte; the queue of the handle is what `socket.setTimeout` looks at too, but that also counts what is read.
 */
function takenFrom(socket: Socket): string {
  const handle = (socket as { _handle?: { writeQueueSize?: number } | null })._handle;
  return `${socket.bytesWritten - socket.writableLength} ${handle?.writeQueueSize}`;
}

function isSecure(server: Server): boolean {
  return 'addContext' in server;
}

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** @returns logs how many connections were closed for a reason, at most once a minute for each. */
function reporter(log: LimitOptions['log']): (reason: Reason) => void {
  const notLogged = new Map<Reason, { count: number; loggedAt: number }>();
  return (reason) => {
    const state = notLogged.get(reason) ?? { count: 0, loggedAt: Number.NEGATIVE_INFINITY };
    notLogged.set(reason, state);
    state.count += 1;
    if (performance.now() - state.loggedAt < logPause) return;
    log?.warn({ count: state.count }, reasons[reason]);
    Object.assign(state, { count: 0, loggedAt: performance.now() });
  };
}

/** Nothing that comes from now on is read as a request. */
export function readNoFurther(socket: Socket): void {
  const connection = connections.get(socket);
  if (connection) connection.isLast = true;
}

/** Makes a response the last one on its connection: nothing that comes behind its request is read as a request. */
export function closeAfter(response: ServerResponse): void {
  const { socket } = response.req;
  readNoFurther(socket);
  if (!response.headersSent) response.setHeader('connection', 'close');
  else response.once('close', () => socket.destroySoon());
}

/** @returns the responses in flight on a connection, in the order of their requests. */
export function responsesInFlight(socket: Socket): readonly ServerResponse[] {
  return [...(connections.get(socket)?.inFlight ?? [])];
}

/**
 * Exempts a request from the server's limit for requests to arrive: its route has one of its own.
 * @param response to it.
 */
export function letArriveSlowly(response: ServerResponse): void {
  const connection = connections.get(response.req.socket);
  if (connection) connection.slowlyArriving = response;
}

/** @returns whether the server's limit does not hold for the request that is arriving. */
export function mayArriveSlowly(socket: Socket): boolean {
  const connection = connections.get(socket);
  return connection?.slowlyArriving !== undefined && connection.inFlight.has(connection.slowlyArriving);
}

/**
 * Calls a listener once when the client of a response in flight has sent FIN: most clients that do have left, and the others get their response.
 */
export function onClientEnd(response: ServerResponse, listener: () => void): void {
  const { socket } = response.req;
  if (socket?.readableEnded) listener();
  const listeners = connections.get(socket)?.onClientEnd;
  listeners?.add(listener);
  response.once('close', () => listeners?.delete(listener));
}

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on each answer closes its connection, so that a balancer opens its next one elsewhere. */
    askToReconnect(): void;
  }
}

/** Milliseconds that a connection which was opened just before the close has for its request. */
const lastRequestWithin = 100;

/**
 * Limits the connections of an app, and lets `app.close()` finish the requests in flight and nothing else. Node alone waits for more: a connection that
 * never sent a request (browsers open some in advance) is not idle to it, and one that is answered during the close stays open for
 * the whole `keepAliveTimeout`. Node's `maxRequestsPerSocket` is not used either: it answers later requests with an empty
 * 503 and leaves the connection open.
 */
export function limitAndCloseConnections(app: FastifyInstance, options: LimitOptions): void {
  const { count, askToReconnect, closeAll } = limitConnections(app.server as Server, options);
  app.decorate('askToReconnect', askToReconnect);
  app.addHook('preClose', async () => {
    const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
    askToReconnect();
    // No new connection comes from here on; one that was opened a moment ago may be about to send its request.
    if (count() > 0) await delay(lastRequestWithin);
    closeAll();
    await closed;
  });
}
