import { Problem } from '../../errors.ts';
import { bulkProblems } from './errors.ts';

/** The right to do something that is done once at a time in a process. */
export interface Turn {
  /** Takes the turn until it is disposed. @throws Problem `bulk_under_way` where somebody has it. */
  take(): Disposable;
}

/**
 * Many invitations at once hold a connection of the pool for a minute or so (the only one of the embedded database): ten such requests would leave
 * none to those who sign up.
 */
export function oneAtATime(): Turn {
  let isTaken = false;
  return {
    take() {
      if (isTaken) throw new Problem(bulkProblems.bulk_under_way);
      isTaken = true;
      return {
        [Symbol.dispose]() {
          isTaken = false;
        },
      };
    },
  };
}
