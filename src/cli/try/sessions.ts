import type { Answer, Client, Outcome } from './client.ts';
import { deleteSession, paths, type WireRequest } from './requests.ts';

/** @returns the session id of an answer to a good code, in the form that the contract gives it; undefined where there is none. */
export function sessionIdOf(answer: Answer): string | undefined {
  const sessionId = answer.body?.sessionId;
  return typeof sessionId === 'string' && /^[0-9a-f]{32}$/.test(sessionId) ? sessionId : undefined;
}

/** A client that remembers which sessions it opened. */
export interface SessionKeepingClient extends Client {
  /** Abandons what is still open. @returns how many sessions the server did not let go of */
  abandonAll(): Promise<number>;
}

/** @param cleaner sends the last requests: it must work even when `client` was interrupted. */
export function keepSessions(client: Client, cleaner: Client): SessionKeepingClient {
  const open = new Set<string>();
  return {
    async send(request) {
      const outcome = await client.send(request);
      if (outcome.kind === 'answer') follow(open, request, outcome);
      return outcome;
    },
    async abandonAll() {
      const kept = await Promise.all([...open].map(async (sessionId) => !isGone(await cleaner.send(deleteSession(sessionId)))));
      open.clear();
      return kept.filter(Boolean).length;
    },
  };
}

/** Every answer is looked at, because a broken server opens sessions where it should refuse. */
function follow(open: Set<string>, request: WireRequest, answer: Answer): void {
  if (request.path === paths.verify) {
    const sessionId = sessionIdOf(answer);
    if (sessionId) open.add(sessionId);
  } else if (
    request.sessionId &&
    ((request.path === paths.phone && answer.status === 200) || (request.method === 'DELETE' && isGone(answer)))
  ) {
    open.delete(request.sessionId);
  }
}

function isGone(outcome: Outcome): boolean {
  return outcome.kind === 'answer' && (outcome.status === 200 || outcome.body?.code === 'session_not_found');
}
