import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';

export interface MetricsRouteOptions {
  /** Route config: who may read it. */
  readonly config: FastifyContextConfig;
  /** Returns the metrics in the Prometheus text format. */
  readonly read: () => Promise<string>;
}

/** `GET /metrics` on the service's own port; not part of the OpenAPI document, which is for clients. */
export function addMetricsRoute(scope: FastifyInstance, { config, read }: MetricsRouteOptions): void {
  scope.get('/metrics', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await read()),
  );
}
