import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import { Problem } from '../../errors.ts';
import { networkOf } from '../../ip-address.ts';
import type { GuessBudget } from '../../limits/guess-budget.ts';
import type { Limiter } from '../../limits/limiter.ts';
import { problemResponses } from '../problem-responses.ts';
import { limitProblems } from './limit-problems.ts';
import { type Counted, showLimits } from './rate-limit-fields.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The limits that this request was counted against. */
    counted: readonly Counted[];
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
  /** For a route that tells whether a guess was right: 200 says that it was. @param missed whether a refusal says that it was not. */
  readonly guesses?: { readonly budget: GuessBudget; readonly missed: (refusal: Error, body: unknown) => boolean };
}

/**
 * Limits every route that is added to this scope from now on. A limit belongs to the route and not to an address, so that however somebody spells
 * the address, what reaches the route is counted.
 * @param limitsOf the limits of a route by its pattern.
 */
export function limitRoutes(scope: FastifyInstance, limitsOf: (pattern: string) => RouteLimits): void {
  scope.decorateRequest('counted', null as never);
  scope.addHook('onRoute', (route) => {
    const { network, session, guesses } = limitsOf(route.url);
    addHooks(route, 'onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
      request.counted = [];
      await count(request, reply, network, networkOfClient(request));
    });
    if (guesses) limitGuesses(route, guesses);
    if (session) {
      addHooks(route, 'preHandler', async (request: FastifyRequest, reply: FastifyReply) => {
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

function limitGuesses(route: RouteOptions, { budget, missed }: NonNullable<RouteLimits['guesses']>): void {
  addHooks(route, 'onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const counted = await budget.admit(networkOfClient(request));
    if (counted) note(request, reply, counted);
  });
  addHooks(route, 'onError', async (request: FastifyRequest, _reply: FastifyReply, error: Error) => {
    if (missed(error, request.body)) await budget.wrong(networkOfClient(request));
  });
  addHooks(route, 'onSend', async (request: FastifyRequest, reply: FastifyReply) => {
    if (reply.statusCode === 200) budget.right(networkOfClient(request));
  });
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

// biome-ignore lint/suspicious/noExplicitAny: each kind of hook has arguments of its own.
function addHooks(route: RouteOptions, kind: 'onRequest' | 'preHandler' | 'onError' | 'onSend', hook: any): void {
  route[kind] = [...[route[kind] ?? []].flat(), hook] as never;
}

function responsesOf(schema: FastifySchema | undefined): object {
  return (schema?.response ?? {}) as object;
}
