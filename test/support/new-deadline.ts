import { type Deadline, startDeadline } from '../../src/deadline.ts';
import { requestLimit } from '../../src/time-limits.ts';

/** @returns a deadline as a request gets it, beginning now. */
export function newDeadline(): Deadline {
  return startDeadline(requestLimit);
}
