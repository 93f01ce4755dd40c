import { Problem, type ProblemKind } from '../problems.ts';

/** How long to wait for a place, and the error if none becomes free. */
export interface Wait {
  /** Milliseconds. 0: do not wait. Undefined: no timeout. */
  readonly milliseconds?: number;
  readonly busy: ProblemKind;
  /** Cancels the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** A number of places, each for one piece of work at a time. */
export interface Semaphore {
  /**
   * Takes a place, first come, first served; disposing releases it.
   * @throws Problem `busy` if no place is free in time; the signal's reason.
   */
  take(wait: Wait): Promise<Disposable>;
}

export function openSemaphore(places: number): Semaphore {
  let taken = 0;
  const waiting = new Set<() => void>();

  function place(): Disposable {
    let isHeld = true;
    return {
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        const [next] = waiting;
        if (next) next();
        else taken -= 1;
      },
    };
  }

  return {
    async take({ milliseconds, busy, signal }) {
      signal?.throwIfAborted();
      if (taken < places) {
        taken += 1;
        return place();
      }
      if (milliseconds === 0) throw new Problem(busy);
      return new Promise((resolve, reject) => {
        const leave = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', abandon);
          waiting.delete(enter);
        };
        const enter = () => {
          leave();
          resolve(place());
        };
        const refuse = (reason: unknown) => {
          leave();
          reject(reason);
        };
        const abandon = () => refuse(signal?.reason);
        const timer = milliseconds === undefined ? undefined : setTimeout(() => refuse(new Problem(busy)), milliseconds);
        signal?.addEventListener('abort', abandon);
        waiting.add(enter);
      });
    },
  };
}
