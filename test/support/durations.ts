import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds of something that was done many times. */
export interface Durations {
  /** Does it once more. */
  measure<T>(work: () => Promise<T>): Promise<T>;
  add(milliseconds: number): void;
  readonly median: number;
  readonly worst: number;
  /** Such as `median 0.41 s, worst 0.80 s`. */
  toString(): string;
}

export function durations(): Durations {
  const all: number[] = [];
  const sorted = () => [...all].sort((left, right) => left - right);
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
  return {
    async measure(work) {
      const begun = performance.now();
      const result = await work();
      all.push(performance.now() - begun);
      return result;
    },
    add: (milliseconds) => void all.push(milliseconds),
    get median() {
      return sorted()[Math.floor(all.length / 2)] ?? 0;
    },
    get worst() {
      return sorted().at(-1) ?? 0;
    },
    toString() {
      return `median ${seconds(this.median)}, worst ${seconds(this.worst)}`;
    },
  };
}

/**
 * Resolves once `/readyz` answers 200.
 * @throws Error after a minute.
 */
export async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const status = await fetch(`${url}/readyz`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await delay(5);
  }
  throw new Error(`${url}/readyz does not answer 200 within a minute`);
}
