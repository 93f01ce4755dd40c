import { Problem, type ProblemKind } from './errors.ts';

/** Does some work when it is its turn. @throws the Problem of its `takeTurns` where that takes too long. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Work that is heavy for the database is done one at a time in a process, first come, first served.
 * @param patienceMilliseconds how long somebody may wait for their turn. @param busy what they are told then.
 */
export function takeTurns(patienceMilliseconds: number, busy: ProblemKind): InTurn {
  let last: Promise<void> = Promise.resolve();
  return async (work) => {
    const before = last;
    let leave = () => {};
    last = new Promise((resolve) => {
      leave = resolve;
    });
    if (!(await isOverWithin(patienceMilliseconds, before))) {
      // Whoever comes after still has to wait for the one before.
      void before.then(leave);
      throw new Problem(busy);
    }
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

async function isOverWithin(milliseconds: number, before: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([before.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
