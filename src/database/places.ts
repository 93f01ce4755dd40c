import pg from 'pg';
import type { PostgresqlAddress, PostgresqlHost } from '../config/config.ts';
import { sqlstates } from './sqlstates.ts';

/** Milliseconds for the question whether a server takes writes. */
const questionLimit = 2_000;

/** The servers of an address, of which one at a time takes writes. */
export interface Places {
  readonly count: number;
  /** Where the next connection goes. */
  readonly next: PostgresqlHost;
  /** Where a connection was made and, where that is asked for, takes writes; undefined: nowhere yet. */
  readonly proven: PostgresqlHost | undefined;
  prove(place: PostgresqlHost): void;
  /** No connection can be made there, or it takes no writes: the next server is tried, unless somebody has gone on already. */
  leave(place: PostgresqlHost): void;
}

export function placesOf(address: PostgresqlAddress): Places {
  const all = hostsOf(address);
  let index = 0;
  let proven: PostgresqlHost | undefined;
  return {
    count: all.length,
    get next() {
      return all[index] as PostgresqlHost;
    },
    get proven() {
      return proven;
    },
    prove(place) {
      proven = place;
    },
    leave(place) {
      if (place === all[index]) index = (index + 1) % all.length;
    },
  };
}

/** @returns every server of an address, in the order in which they are tried. */
export function hostsOf({ host, port, otherHosts = [] }: PostgresqlAddress): PostgresqlHost[] {
  return [{ host, port }, ...otherHosts];
}

/** A connection that knows where it goes. */
export interface PlacedClient extends pg.Client {
  readonly place: PostgresqlHost;
}

/** @returns the class of which a pool makes its connections: each goes to `places.next`, and one that fails leaves that place. */
export function placedClient(places: Places): new (config?: pg.ClientConfig) => PlacedClient {
  return class extends pg.Client {
    readonly place = places.next;

    constructor(config: pg.ClientConfig = {}) {
      const { host, port } = places.next;
      // The pool hides the password from a spread.
      super({ ...config, password: config.password, host, port });
    }

    override connect(): Promise<pg.Client>;
    override connect(done: (error: Error) => void): void;
    override connect(done?: (error: Error) => void): Promise<pg.Client> | undefined {
      if (!done) {
        return super.connect().catch((error: unknown) => {
          places.leave(this.place);
          throw error;
        });
      }
      // At once and not a turn later: until then nobody listens to the errors of the connection.
      super.connect((error: Error) => {
        if (error) places.leave(this.place);
        done(error);
      });
      return undefined;
    }
  };
}

/** @throws Error with SQLSTATE 25006 where the server takes no writes: a standby, or one that was made read-only. */
export async function demandWritable(client: pg.ClientBase): Promise<void> {
  const question = { text: 'SHOW transaction_read_only', query_timeout: questionLimit };
  const { rows } = await client.query<{ transaction_read_only: string }>(question);
  if (rows[0]?.transaction_read_only === 'off') return;
  throw Object.assign(new Error('the server takes no writes: it is a standby, or read-only'), { code: sqlstates.readOnlySqlTransaction });
}
