import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { limitConnections } from '../http/connections.ts';

export interface MetricsServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:9464`. */
  readonly url: string;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Gives the metrics in Prometheus' text format. */
  readonly read: () => Promise<string>;
}

/**
 * A port of its own for `GET /metrics`, without a key, for networks that only the monitoring reaches; it answers nothing else.
 * @throws the operating system's error where the address cannot be listened on.
 */
export async function openMetricsServer({ host, port, read }: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer(
    // A scrape is a short request; milliseconds.
    { requestTimeout: 5_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 8 * 1024 },
    (request, response) => void answer(request, response, read),
  );
  limitConnections(server, { limits: { total: 64 } });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${taken}`,
    [Symbol.asyncDispose]() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, read: () => Promise<string>): Promise<void> {
  const isAsked = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
  try {
    const text = isAsked ? await read() : 'Only GET /metrics is answered here.\n';
    response.writeHead(isAsked ? 200 : 404, { 'content-type': isAsked ? Registry.PROMETHEUS_CONTENT_TYPE : 'text/plain', ...fields });
    response.end(text);
  } catch {
    // Prometheus counts a failed scrape.
    if (!response.headersSent) response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '5', ...fields });
    response.end('The metrics could not be read.\n');
  }
}

const fields = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
