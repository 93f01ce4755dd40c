import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Problem } from '../errors.ts';
import { overloaded } from './errors.ts';

/**
 * Milliseconds. A step of a sign-up takes several turns of the event loop: arriving, being counted, asking the database. At half a second for each an
 * answer takes seconds, and people press the button again. A process that is only busy stays below a tenth of it.
 */
const delayLimit = 500;
/** Milliseconds between two looks. */
const lookEvery = 1_000;
/** Some go on whatever happens: they show when it is over. */
const mostRefused = 0.95;
/** How much of the share a quiet second takes back. */
const relaxation = 0.1;
/** The same for a second between half and four fifths of the limit, so that whatever else is slow does not keep people out for ever. */
const slowRelaxation = 0.02;
/** Seconds: those who are refused in one moment are told to come back in different ones. */
const longestPause = 5;

/** How many of the requests are refused, from 0 to 1; `isHigh`: the newest delay was above the limit. */
export interface Pressure {
  readonly share: number;
  readonly isHigh: boolean;
}

export const noPressure: Pressure = { share: 0, isHigh: false };

/**
 * @param delay of the event loop in the newest second, milliseconds.
 * @returns what follows from it. One second above the limit changes nothing: it may be a pause of the machine. From the second one on the share is what
 *   would bring the delay back to the limit if each request cost the same. Near the limit it stays, so that it settles and does not
 *   flap; below it shrinks slowly.
 */
export function nextPressure({ share, isHigh }: Pressure, delay: number): Pressure {
  if (delay > delayLimit) return { isHigh: true, share: isHigh ? Math.min(mostRefused, 1 - ((1 - share) * delayLimit) / delay) : share };
  if (delay > 0.8 * delayLimit) return { isHigh: false, share };
  const less = share - (delay > delayLimit / 2 ? slowRelaxation : relaxation);
  return { isHigh: false, share: less < slowRelaxation / 2 ? 0 : less };
}

export interface EventLoopPressure extends Disposable {
  /**
   * Asked once for each request.
   * @returns the refusal, 503 `overloaded`; undefined: it goes on.
   */
  refusal(): Problem | undefined;
}

/**
 * Watches how late the event loop is. The median of a second's delays: one long pause is one delay of many, a loop that is always late is late each time.
 * @param onRefused hears of each refusal.
 */
export function watchEventLoop(onRefused: () => void): EventLoopPressure {
  const delays = monitorEventLoopDelay({ resolution: 20 });
  delays.enable();
  let pressure = noPressure;
  let owed = 0;
  const looking = setInterval(() => {
    pressure = nextPressure(pressure, delays.percentile(50) / 1e6);
    delays.reset();
  }, lookEvery).unref();
  return {
    refusal() {
      // Of ten requests at a share of 0.3 exactly three are refused; nothing is left to chance.
      owed = pressure.share === 0 ? 0 : owed + pressure.share;
      if (owed < 1) return undefined;
      owed -= 1;
      onRefused();
      return overloaded(1 + Math.floor(Math.random() * longestPause));
    },
    [Symbol.dispose]() {
      clearInterval(looking);
      delays.disable();
    },
  };
}
