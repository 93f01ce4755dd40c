import { stopSignal } from '../main.ts';

/** The first Ctrl-C ends the work in an orderly way, by the signal that it is given; the second one ends the process. */
export function untilInterrupted<T>(work: (interrupt: AbortSignal) => Promise<T>): Promise<T> {
  return work(stopSignal());
}
