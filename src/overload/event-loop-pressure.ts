import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Problem } from '../problems.ts';
import { overloaded } from './problems.ts';

/**
 * Milliseconds. A step of a sign-up takes several turns of the event loop: parsing, limits, the database. At half a second each an
 * answer takes seconds, and people press the button again. A process that is merely busy stays below a tenth of it.
 */
const delayLimit = 500;
/** Milliseconds between two measurements. */
const lookEvery = 1_000;
/** Some requests always go through: they show when the overload is over. */
const mostRefused = 0.95;
/** By how much a quiet second lowers the share. */
const relaxation = 0.1;
/** The same between half and four fifths of the limit, so that other causes of delay do not keep people out forever. */
const slowRelaxation = 0.02;
/** Seconds: clients refused at the same moment are told different times to come back. */
const longestPause = 5;

/** The share of requests to refuse, from 0 to 1; `isHigh`: the latest delay was above the limit. */
export interface Pressure {
  readonly share: number;
  readonly isHigh: boolean;
}

export const noPressure: Pressure = { share: 0, isHigh: false };

/**
 * @param delay of the event loop in the last second, in milliseconds.
 * @returns the new state. One second above the limit changes nothing: the machine may have paused. From the second one on, the share is what
 *   would bring the delay back to the limit if every request cost the same. Near the limit it stays, so that it does not oscillate;
 *   below it shrinks slowly.
 */
export function nextPressure({ share, isHigh }: Pressure, delay: number): Pressure {
  if (delay > delayLimit) return { isHigh: true, share: isHigh ? Math.min(mostRefused, 1 - ((1 - share) * delayLimit) / delay) : share };
  if (delay > 0.8 * delayLimit) return { isHigh: false, share };
  const less = share - (delay > delayLimit / 2 ? slowRelaxation : relaxation);
  return { isHigh: false, share: less < slowRelaxation / 2 ? 0 : less };
}

export interface EventLoopPressure extends Disposable {
  /**
   * Called once per request.
   * @returns the problem, 503 `overloaded`, or undefined to let the request through.
   */
  refusal(): Problem | undefined;
}

/**
 * Measures event loop delay as the median over a second: a single long pause is one sample of many, while a busy loop is late in most.
 * @param onRefused called for each refused request.
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
      // Of ten requests at a share of 0.3 exactly three are refused: no randomness.
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
