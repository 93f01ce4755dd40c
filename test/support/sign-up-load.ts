import { setTimeout as delay } from 'node:timers/promises';
import type { EmptyDatabase } from './empty-database.ts';
import { insertInvitation, insertReadySessions, prepared } from './ready-sessions.ts';
import { type SignUpClient, samplePerson } from './sign-up-client.ts';
import { type Attempt, advance, isUnanswered, newAttempt, settle } from './sign-up-journal.ts';

/**
 * Makes people who want to sign up: two for each code with one seat, half of them at the last step already (a password takes some 60 ms to
 * hash, which would be most of the load), and more sessions than seats on one code.
 */
export async function prepareAttempts(query: EmptyDatabase['query'], load: string): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  const ready = (code: string, sessions: readonly string[]) =>
    sessions.map((session) => newAttempt(code, samplePerson({ name: prepared.name, birthday: prepared.birthday }), session));
  for (let index = 0; index < 40; index += 1) {
    const code = `${load}-${index}`;
    const invitation = await insertInvitation(query, code);
    attempts.push(...ready(code, await insertReadySessions(query, invitation, 2)));
    // Codes from the beginning only now and then.
    if (index % 5 !== 0) continue;
    await insertInvitation(query, `${code}-whole`);
    attempts.push(newAttempt(`${code}-whole`, samplePerson()), newAttempt(`${code}-whole`, samplePerson()));
  }
  const shared = await insertInvitation(query, `${load}-shared`, 20);
  attempts.push(...ready(`${load}-shared`, await insertReadySessions(query, shared, 30)));
  return shuffled(attempts);
}

export interface Load {
  /** Resolves when so many requests were answered, or the load is over. */
  answered(count: number): Promise<void>;
  /** Resolves when every attempt has come to its end or was cut off. */
  readonly over: Promise<void>;
}

/** Milliseconds. A person waits as long as Retry-After says; these come sooner, so that there are requests all the time. */
const retryDelay = 100;

/**
 * Signs several people up at once until all are done or their server is gone.
 * @param whenUnanswered `leave`: that server is not asked again. `retry`: it is something behind the server that has died; everyone who got no
 *   answer, or 503, sends the same request again until there is another answer.
 */
export function startLoad(
  clients: readonly SignUpClient[],
  attempts: readonly Attempt[],
  people = 8,
  whenUnanswered: 'leave' | 'retry' = 'leave',
): Load {
  const waiting = [...attempts];
  const alive = new Set(clients);
  let isOver = false;
  async function person(): Promise<void> {
    for (let attempt = waiting.shift(); attempt; attempt = waiting.shift()) {
      const client = [...alive][Math.floor(Math.random() * alive.size)];
      if (!client) return;
      if (await isAnswered(client, attempt)) continue;
      if (whenUnanswered === 'leave') alive.delete(client);
      else {
        waiting.push(attempt);
        await delay(retryDelay);
      }
    }
  }
  const over = Promise.all(Array.from({ length: people }, person))
    .then(() => undefined)
    .finally(() => {
      isOver = true;
    });
  // A caller that awaits something else first still gets the error, from `over`.
  over.catch(() => undefined);
  const answers = () => attempts.reduce((sum, { acknowledged, refusal }) => sum + acknowledged.size + (refusal ? 1 : 0), 0);
  return {
    over,
    async answered(count) {
      const before = answers();
      while (!isOver && answers() < before + count) await delay(1);
    },
  };
}

async function isAnswered(client: SignUpClient, attempt: Attempt): Promise<boolean> {
  try {
    await advance(client, attempt);
    return true;
  } catch (error) {
    if (isUnanswered(error)) return false;
    throw error;
  }
}

/** Lets everyone who has begun continue, several at once, and checks the service's promises. */
export async function settleBegun(clients: readonly SignUpClient[], attempts: readonly Attempt[]): Promise<void> {
  const begun = attempts.filter((attempt) => attempt.asked.size > 0);
  await forEverybody(begun, (attempt, index) => settle(clients[index % clients.length] ?? (clients[0] as SignUpClient), attempt));
}

async function forEverybody<T>(all: readonly T[], work: (one: T, index: number) => Promise<void>, atOnce = 8): Promise<void> {
  const waiting = [...all.entries()];
  async function worker(): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) await work(next[1], next[0]);
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, place: Math.random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ one }) => one);
}
