import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import type { Guess, GuessBudget } from '../../limits/guess-budget.ts';
import type { Limiter } from '../../limits/limiter.ts';
import { Problem } from '../../problems.ts';
import { networkOf } from '../../rules/ip-address.ts';
import { problemResponses } from '../problem-responses.ts';
import { limitProblems } from './limit-problems.ts';
import { type Counted, showLimits } from './rate-limit-fields.ts';

/** Which limits a route has: for verifying a code, for setting a password, or for any other request that names a session. */
export type LimitName = 'verify' | 'password' | 'session';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The limits of the route; every route of a limited scope names them. */
    limit?: LimitName;
  }
  interface FastifyRequest {
    /** The limits that this request was counted against. */
    counted: readonly Counted[];
    /** The guess at a code that this request is, once it was admitted. */
    guess: Guess | undefined;
    /**
     * Counts a password that is about to be hashed, for its session and its network. undefined: the route hashes none, or nothing is limited.
     * @returns takes both counts back.
     * @throws Problem `rate_limited`.
     */
    countHash: ((sessionId: string) => Promise<() => Promise<void>>) | undefined;
  }
}

/** What a route is limited by. */
export interface RouteLimits {
  /** Counts each network, before the body is read. */
  readonly network: Limiter;
  /** Counts each session, once the body was judged. @param idOf undefined: the request names none. */
  readonly session?: {
    readonly limiter: Limiter;
    readonly idOf: (request: Pick<FastifyRequest, 'body' | 'headers'>) => string | undefined;
  };
  /** Counts passwords right before they are hashed; the route asks for it by `request.countHash`. */
  readonly hashes?: { readonly network: Limiter; readonly session: Limiter };
  /** For a route that tells whether a guess was right: 200 says that it was. @param missed whether a refusal says that it was not. */
  readonly guesses?: { readonly budget: GuessBudget; readonly missed: (refusal: Error, body: unknown) => boolean };
}

/**
 * Limits every route that is added to this scope from now on. A limit belongs to the route and not to an address: a request is counted by the route
 * that it reaches, however the address is spelled.
 * @param limits what each name in a route's `config.limit` stands for.
 * @throws Error for a route that names none.
 */
export function limitRoutes(scope: FastifyInstance, limits: Readonly<Record<LimitName, RouteLimits>>): void {
  scope.decorateRequest('counted');
  scope.decorateRequest('guess', undefined);
  scope.decorateRequest('countHash', undefined);
  scope.addHook('onRoute', (route) => {
    const name = route.config?.limit;
    if (name === undefined) throw new Error(`${route.url} names no limit in its config`);
    const { network, session, hashes, guesses } = limits[name];
    route.onRequest = withHook(route.onRequest, async (request: FastifyRequest, reply: FastifyReply) => {
      request.counted = [];
      await count(request, reply, network, networkOfClient(request));
      if (hashes) request.countHash = (sessionId) => countHash(request, reply, hashes, sessionId);
    });
    if (guesses) limitGuesses(route, guesses);
    if (session) {
      route.preHandler = withHook(route.preHandler, async (request: FastifyRequest, reply: FastifyReply) => {
        const id = session.idOf(request);
        if (id !== undefined) await count(request, reply, session.limiter, id);
      });
    }
    documentLimit(route);
  });
}

/** Adds what a limit can answer to the API's document. */
export function documentLimit(route: RouteOptions): void {
  route.schema = { ...route.schema, response: { ...problemResponses(limited), ...responsesOf(route.schema) } };
}

const limited = new Problem(limitProblems.rate_limited, { retryAfterSeconds: 12, values: { seconds: 12 } });

/** A guess is admitted once its body was judged, so that none is under way while its body arrives. */
function limitGuesses(route: RouteOptions, { budget, missed }: NonNullable<RouteLimits['guesses']>): void {
  route.preHandler = withHook(route.preHandler, async (request: FastifyRequest, reply: FastifyReply) => {
    const guess = await budget.admit(networkOfClient(request));
    if (guess.counted) note(request, reply, guess.counted);
    request.guess = guess;
    // Answered while it waited: nothing looks the code up any more, and no hook is called.
    if (reply.sent) await guess.settle('neither');
  });
  route.onError = withHook(route.onError, async (request: FastifyRequest, _reply: FastifyReply, error: Error) => {
    await request.guess?.settle(missed(error, request.body) ? 'wrong' : 'neither');
  });
  route.onSend = withHook(route.onSend, async (request: FastifyRequest, reply: FastifyReply) => {
    await request.guess?.settle(reply.statusCode === 200 ? 'right' : 'neither');
  });
}

async function countHash(
  request: FastifyRequest,
  reply: FastifyReply,
  { network, session }: NonNullable<RouteLimits['hashes']>,
  sessionId: string,
): Promise<() => Promise<void>> {
  await count(request, reply, session, sessionId);
  try {
    await count(request, reply, network, networkOfClient(request));
  } catch (refusal) {
    await session.giveBack(sessionId);
    throw refusal;
  }
  return async () => {
    await session.giveBack(sessionId);
    await network.giveBack(networkOfClient(request));
  };
}

async function count(request: FastifyRequest, reply: FastifyReply, limiter: Limiter, key: string): Promise<void> {
  note(request, reply, { limiter, verdict: await limiter.take(key) });
}

function note(request: FastifyRequest, reply: FastifyReply, counted: Counted): void {
  request.counted = [...request.counted, counted];
  showLimits(reply, request.counted);
}

/** Whom a request is counted under. A connection that is gone already, and a socket of this machine, have no address; all of those share a count. */
export function networkOfClient({ clientAddress }: FastifyRequest): string {
  return clientAddress === '' ? 'no address' : networkOf(clientAddress);
}

function withHook<Hook>(hooks: Hook | Hook[] | undefined, hook: Hook): Hook[] {
  return [...(Array.isArray(hooks) ? hooks : hooks ? [hooks] : []), hook];
}

function responsesOf(schema: FastifySchema | undefined): object {
  return (schema?.response ?? {}) as object;
}
