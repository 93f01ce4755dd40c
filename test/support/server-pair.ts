import { type ServerGroup, startServerGroup } from './server-group.ts';
import type { ServerProcess } from './server-process.ts';

/** Two processes of the built program on one PostgreSQL database, directly or through PgBouncer: what this run is about. */
export interface ServerPair extends ServerGroup {
  readonly servers: readonly [ServerProcess, ServerProcess];
}

/** @param settings beside those of the database. */
export async function startServerPair(settings: Readonly<Record<string, string>> = {}): Promise<ServerPair> {
  return (await startServerGroup({ count: 2, settings })) as ServerPair;
}
