import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** The metrics of one process as `registry.getMetricsAsJSON()` gives them. */
export type MetricsPicture = MetricObjectWithValues<MetricValue<string>>[];

/** What the primary process and its workers say to each other; `chodae` tells these from other programs' messages on the same channel. */
export type WorkerMessage =
  /** Worker: requests are answered from now on. */
  | { readonly chodae: 'ready'; readonly lines: readonly string[] }
  /** Worker: the answer to `count`, and the last word before it ends. */
  | { readonly chodae: 'counted'; readonly metrics: MetricsPicture }
  /** Worker: somebody asks for `/metrics`. */
  | { readonly chodae: 'metrics-wanted'; readonly id: number }
  /** Primary: tell what you have counted. */
  | { readonly chodae: 'count' }
  /** Primary: the answer to `metrics-wanted`. */
  | { readonly chodae: 'metrics'; readonly id: number; readonly text: string };

/** @returns the message where it is one of ours. */
export function asWorkerMessage(message: unknown): WorkerMessage | undefined {
  return typeof message === 'object' && message !== null && 'chodae' in message ? (message as WorkerMessage) : undefined;
}
