import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { httpProblems } from './http-problems.ts';
import { problemResponses } from './problem-responses.ts';

export interface HealthOptions {
  /** Whether the process has been told to stop: then it is not ready, whatever the latest check said. */
  readonly isStopping?: () => boolean;
  /** Rejects if the program cannot serve, for whatever reason. */
  readonly checkReady: () => Promise<void>;
  /** Milliseconds for which a result is reused. */
  readonly cacheMilliseconds?: number;
  /** Timeout of a check in milliseconds; after it the process is not ready. */
  readonly deadlineMilliseconds?: number;
}

const healthAnswer = z.object({ status: z.literal('ok') }).meta({ id: 'Health', description: 'The process answers.' });
const readyAnswer = z.object({ status: z.literal('ready') }).meta({ id: 'Readiness', description: 'Requests can be served.' });

/** Answers `/healthz` (is the process alive: restart it if not) and `/readyz` (may it get requests). */
export function addHealth(app: FastifyInstance, options: HealthOptions): void {
  const checkReady = cachedReadiness(options);
  app.register(healthRoutes, {
    async checkReady() {
      if (options.isStopping?.()) throw new Problem(httpProblems.not_ready);
      await checkReady();
    },
  });
}

const healthRoutes: FastifyPluginAsyncZod<{ checkReady: () => Promise<void> }> = async (app, { checkReady }) => {
  app.get(
    '/healthz',
    {
      config: { allowsPlainHttp: true },
      schema: { operationId: 'health', tags: ['health'], summary: 'Check whether the process is alive', response: { 200: healthAnswer } },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { allowsPlainHttp: true },
      schema: {
        operationId: 'readiness',
        tags: ['health'],
        summary: 'Check whether this process can serve requests',
        response: { 200: readyAnswer, ...problemResponses(httpProblems.not_ready) },
      },
    },
    async () => {
      await checkReady();
      return { status: 'ready' as const };
    },
  );
};

/**
 * Probes of several balancers cost one check: it is shared while it runs and its result is kept for a moment.
 * @returns a function that throws Problem `not_ready`.
 */
export function cachedReadiness({
  checkReady,
  cacheMilliseconds = 1_000,
  deadlineMilliseconds = 2_000,
}: HealthOptions): () => Promise<void> {
  let latest: Promise<void> | undefined;
  let goodUntil = 0;
  return () => {
    if (latest === undefined || performance.now() >= goodUntil) {
      goodUntil = Number.POSITIVE_INFINITY;
      latest = checkInTime(checkReady, deadlineMilliseconds).finally(() => {
        goodUntil = performance.now() + cacheMilliseconds;
      });
    }
    return latest;
  };
}

async function checkInTime(checkReady: () => Promise<void>, deadlineMilliseconds: number): Promise<void> {
  const cancel = new AbortController();
  const late = delay(deadlineMilliseconds, undefined, { signal: cancel.signal }).then(() => {
    throw new Error('readiness check timed out');
  });
  try {
    await Promise.race([Promise.resolve().then(checkReady), late]);
  } catch (cause) {
    throw new Problem(httpProblems.not_ready, { cause });
  } finally {
    cancel.abort();
  }
}
