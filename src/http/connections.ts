import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { canonicalAddress, networkOf } from '../rules/ip-address.ts';

export interface ConnectionLimits {
  /**
   * Responses in flight on one connection. Node parses up to 64 KiB, some 1,800 small requests, before it checks back-pressure; each of
   * them would have its response made and kept while the client reads none.
   */
  readonly inFlight: number;
  /** Requests per connection; the last response closes it, and a balancer may send the client's next connection elsewhere. */
  readonly requests: number;
  /** Milliseconds for which a client may read nothing of the response being sent. */
  readonly stalledWrite: number;
  /** Open connections per network: an IPv4 address, or a /64 of IPv6. */
  readonly ofNetwork: number;
  /** Open connections in total. An idle one takes about 10 KiB. */
  readonly total: number;
}

const defaults: ConnectionLimits = { inFlight: 8, requests: 10_000, stalledWrite: 60_000, ofNetwork: 256, total: 8_192 };

/** Why the server closed a connection, as logged. */
const reasons = {
  inFlight: 'connections closed: too many requests in flight on one connection',
  stalledWrite: 'connections closed: the client did not read its response',
  ofNetwork: 'connections closed: too many from one network; if that is a proxy or an address translator, name it in TRUST_PROXY',
  total: 'connections closed: too many are open',
} as const;
type Reason = keyof typeof reasons;

/** Milliseconds between two log lines with the same reason. */
const logPause = 60_000;

interface Connection {
  /** With TLS the raw socket until the handshake is done, then the secured one. */
  socket: Socket;
  readonly network: Network | undefined;
  requests: number;
  /** In the order of their requests. Node sends them one by one: all but the first have no socket yet. */
  readonly inFlight: Set<ServerResponse>;
  /** Read no further requests: the response in flight closes the connection (RFC 9112, 9.6). */
  isLast: boolean;
  /** Requests after the last one, which are dropped. */
  dropped: number;
  /** The response to a request whose route has its own arrival timeout. */
  slowlyArriving: ServerResponse | undefined;
  /** Called when the client has sent FIN: it has closed the connection, or only its sending side. */
  readonly onClientEnd: Set<() => void>;
  /** How much of the response the client has read, and since when that has not changed. */
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
  /** Whether an address may open any number of connections: that of a trusted proxy. */
  readonly isExempt?: (address: string) => boolean;
  readonly log?: { warn(fields: object, message: string): void };
}

export interface Connections {
  /** Open connections. */
  count(): number;
  /** From now on each response closes its connection, so that a balancer opens the next one elsewhere. */
  askToReconnect(): void;
  /** Closes every connection after its responses in flight, and every new one at once. */
  closeAll(): void;
}

/**
 * Bounds what clients can make the server hold. A request beyond `inFlight` closes its connection. If a network, or all clients together,
 * reach their limit of connections, the longest idle one is closed for the new one; if none is idle, the new one is closed. A client
 * that sends FIN after its requests gets their responses.
 * @param server plain HTTP or TLS, with its request listeners already attached: requests refused here no longer reach them.
 */
export function limitConnections(server: Server, options: LimitOptions = {}): Connections {
  const limits = { ...defaults, ...options.limits };
  const { isExempt = () => false } = options;
  const report = reporter(options.log);
  const open = new Set<Connection>();
  /** Connections without a response in flight, in the order in which they became idle: the first has been idle the longest. */
  const idle = new Set<Connection>();
  const networks = new Map<string, Network>();
  const handshakes = new Map<string, Connection>();
  let isLeaving = false;
  let isClosing = false;

  function networkWith(socket: Socket): Network | undefined {
    const address = canonicalAddress(socket.remoteAddress ?? '');
    // A Unix socket has no address, nor has a client that is already gone.
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

  /** Frees its place at once. */
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

  /** @param socket the one that requests arrive on. */
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
    // Node goes on parsing what it has read from a connection that was closed meanwhile.
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
    // After `Upgrade` Node's parser drops what it has read and treats whatever comes next as a request, even the body of one.
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
 * Keeps Node from making requests and responses of the rest that it has read from a closing connection: for 64 KiB with 1,700 requests
 * that took 30 ms. A message handler that returns 2 stops the parser. No effect if a later Node names these things differently.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: unknown } | null };
  if (parser?.onIncoming) parser.onIncoming = () => 2;
}

/** Node destroys only the response that has the socket. The others would keep their sources open: a file, rows of a database. */
function closeQueued(response: ServerResponse): void {
  response.destroy();
  // As Node does for the first; `stream.finished` also sees it when a handler starts to send only now.
  Object.assign(response, { _closed: true });
  response.emit('close');
}

/**
 * @returns a value that changes whenever the client reads some of the response. Node's public counters change only when a whole write is
 *   done, which may be a megabyte; `socket.setTimeout` uses the queue of the handle too, but also counts received data as activity.
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

/** @returns a function that logs closed connections by reason, at most once a minute for each. */
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

/** Nothing received from now on is read as a request. */
export function readNoFurther(socket: Socket): void {
  const connection = connections.get(socket);
  if (connection) connection.isLast = true;
}

/** Makes a response the last one on its connection: nothing after its request is read as a request. */
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
 * Exempts a request from the server's request timeout, because its route has its own.
 * @param response of that request.
 */
export function letArriveSlowly(response: ServerResponse): void {
  const connection = connections.get(response.req.socket);
  if (connection) connection.slowlyArriving = response;
}

/** @returns whether the request that is arriving is exempt from the server's request timeout. */
export function mayArriveSlowly(socket: Socket): boolean {
  const connection = connections.get(socket);
  return connection?.slowlyArriving !== undefined && connection.inFlight.has(connection.slowlyArriving);
}

/**
 * Calls a listener once when the client of a response in flight sends FIN: most such clients have left, and the others get their response.
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
    /** From now on each response closes its connection, so that a balancer opens the next one elsewhere. */
    askToReconnect(): void;
  }
}

/** Milliseconds that a connection opened just before the close has to send its request. */
const lastRequestWithin = 100;

/**
 * Limits the connections of an app, and makes `app.close()` finish the requests in flight and nothing else. Node alone waits longer: it does
 * not count a connection without a request (browsers open some in advance) as idle, and keeps one that is answered during the close open for
 * the whole `keepAliveTimeout`. Node's `maxRequestsPerSocket` is not used either: it answers later requests with an empty
 * 503 and leaves the connection open.
 */
export function limitAndCloseConnections(app: FastifyInstance, options: LimitOptions): void {
  const { count, askToReconnect, closeAll } = limitConnections(app.server as Server, options);
  app.decorate('askToReconnect', askToReconnect);
  app.addHook('preClose', async () => {
    const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
    askToReconnect();
    // No new connection comes from here on; one opened a moment ago may be about to send its request.
    if (count() > 0) await delay(lastRequestWithin);
    closeAll();
    await closed;
  });
}
