/** How long a server has answered nothing although somebody asked. */
export interface Silence {
  asked(): void;
  /** Anything that came from the server, a refusal as well. */
  answered(): void;
  milliseconds(): number;
}

/** Milliseconds without a question after which nothing is known of the server any more. */
const remembered = 5_000;

/** @param now milliseconds of a monotonic clock; for tests. */
export function watchSilence(now: () => number = () => performance.now()): Silence {
  let since: number | undefined;
  let lastAsked = Number.NEGATIVE_INFINITY;
  const isForgotten = () => now() - lastAsked > remembered;
  return {
    asked() {
      if (since === undefined || isForgotten()) since = now();
      lastAsked = now();
    },
    answered() {
      since = undefined;
    },
    milliseconds: () => (since === undefined || isForgotten() ? 0 : now() - since),
  };
}
