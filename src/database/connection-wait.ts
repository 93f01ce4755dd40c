/** How long connections of a pool are held, and so how long whoever asks for one now would wait. */
export interface ConnectionWait {
  /** Somebody has a connection, or a place in the pool for a new one. @param isLong it may take as long as it likes. @returns the end of it. */
  held(isLong: boolean): () => void;
  /** @param waiting how many wait already. @returns milliseconds until whoever comes after them would have a connection. */
  expected(waiting: number): number;
}

/** Milliseconds that the database may be silent, as at a checkpoint or behind a lock, without anything being concluded from it. */
const pause = 500;

/**
 * @param places connections at most.
 * @param now milliseconds of a monotonic clock; for tests.
 */
export function watchConnectionWait(places: number, now: () => number = () => performance.now()): ConnectionWait {
  let averageMilliseconds = 0;
  let short = 0;
  let long = 0;
  let sumOfBeginnings = 0;

  function holdLong(): () => void {
    long += 1;
    return () => {
      long -= 1;
    };
  }

  function holdShort(): () => void {
    const begun = now();
    short += 1;
    sumOfBeginnings += begun;
    return () => {
      short -= 1;
      // Begins anew, so that no error of rounding stays for ever.
      sumOfBeginnings = short === 0 ? 0 : sumOfBeginnings - begun;
      averageMilliseconds += 0.1 * (now() - begun - averageMilliseconds);
    };
  }

  return {
    held: (isLong) => (isLong ? holdLong() : holdShort()),
    expected(waiting) {
      // Where the database has stopped nothing ends, and only those that are held now tell of it.
      const heldSoFar = short === 0 ? 0 : now() - sumOfBeginnings / short;
      const milliseconds = heldSoFar < pause ? averageMilliseconds : Math.max(averageMilliseconds, heldSoFar);
      return ((waiting + 1) * milliseconds) / Math.max(1, places - long);
    },
  };
}
