import pg from 'pg';
import type { PostgresqlAddress, PostgresqlHost } from '../config/config.ts';
import { connectLimit } from '../time-limits.ts';
import { sqlstates } from './sqlstates.ts';

/** The hosts of an address, of which one at a time takes writes. Nothing is polled: the first request after a failover finds the new primary. */
export interface Hosts {
  readonly count: number;
  /** The class that a pool makes its connections of: each goes to the host that is tried at the time. */
  readonly Client: new (
    config?: pg.ClientConfig,
  ) => HostClient;
  /** Checks a new connection before it is used. @throws where its host takes no writes. */
  accept(client: HostClient): Promise<void>;
  /** Whether a connection goes to the host in use; one made before a failover does not. */
  isCurrent(client: pg.ClientBase): boolean;
}

/** A connection that knows its host. */
interface HostClient extends pg.Client {
  readonly placedAt: PostgresqlHost;
}

export function openHosts(address: PostgresqlAddress): Hosts {
  const all = hostsOf(address);
  let next = 0;
  let inUse: PostgresqlHost | undefined;

  /** Does nothing where another connection has gone on to the next host already. */
  function leave(host: PostgresqlHost): void {
    if (host === all[next]) next = (next + 1) % all.length;
  }

  class Client extends pg.Client {
    readonly placedAt = all[next] as PostgresqlHost;

    constructor(config: pg.ClientConfig = {}) {
      // The pool hides the password from a spread.
      super({ ...config, password: config.password, ...all[next] });
    }

    override connect(): Promise<pg.Client>;
    override connect(done: (error: Error) => void): void;
    override connect(done?: (error: Error) => void): Promise<pg.Client> | undefined {
      // Only the pool uses this class, and it passes a function. It has to be called at once: until then nothing listens to the connection's errors.
      if (!done) return super.connect();
      super.connect((error: Error) => {
        if (error) leave(this.placedAt);
        done(error);
      });
      return undefined;
    }
  }

  return {
    count: all.length,
    Client,
    isCurrent: (client) => (client as HostClient).placedAt === inUse,
    async accept(client) {
      try {
        if (address.writableOnly) await demandWritable(client);
        inUse = client.placedAt;
      } catch (error) {
        leave(client.placedAt);
        // The pool waits for the connection's end before it reports the error.
        client.connection.stream.destroy();
        throw error;
      }
    },
  };
}

/** @returns every host of an address, in the order in which they are tried. */
export function hostsOf({ host, port, otherHosts = [] }: PostgresqlAddress): PostgresqlHost[] {
  return [{ host, port }, ...otherHosts];
}

/** @throws Error with SQLSTATE 25006 where the server takes no writes: a standby, or one that was made read-only. */
export async function demandWritable(client: pg.ClientBase): Promise<void> {
  const question = { text: 'SHOW transaction_read_only', query_timeout: connectLimit };
  const { rows } = await client.query<{ transaction_read_only: string }>(question);
  if (rows[0]?.transaction_read_only === 'off') return;
  throw Object.assign(new Error('the server takes no writes: it is a standby, or read-only'), { code: sqlstates.readOnlySqlTransaction });
}
