import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';

export interface MetricsRouteOptions {
  /** Of the route: who may see it. */
  readonly config: FastifyContextConfig;
  /** Gives the metrics in Prometheus' text format. */
  readonly read: () => Promise<string>;
}

/** Answers `GET /metrics` on the service's own port; left out of the API's document, which is for clients. */
export function addMetricsRoute(scope: FastifyInstance, { config, read }: MetricsRouteOptions): void {
  scope.get('/metrics', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await read()),
  );
}
