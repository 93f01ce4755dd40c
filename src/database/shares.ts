import { sqlstates } from './sqlstates.ts';
import { databaseUnavailable, sqlstate } from './unavailable.ts';

/**
 * Names the row that a statement may have to wait for, such as `invitation 17`. A function is asked only where many such statements are under
 * way; it may look the name up.
 */
export type AwaitedRow = string | (() => Promise<string>);

/** Does some work with a connection of the row's share. @throws Problem `database_unavailable` where none is free in time. */
export type InShare = <Result>(row: AwaitedRow | undefined, work: () => Promise<Result>) => Promise<Result>;

interface Share {
  underWay: number;
  readonly waiting: Set<Waiting>;
}

interface Waiting {
  take(): void;
  refuse(cause: unknown): void;
}

/**
 * Keeps those who wait for one row from holding every connection: a quarter of them may wait for it, all others wait here, without one. Those
 * whose row is not known yet have another quarter. A row is locked by one at a time, so that nobody is served later for it. Where one of them waits for the
 * row in vain, the others are refused with it: they would wait as long again.
 * @param patience milliseconds that somebody waits here.
 */
export function openShares(connections: number, patience: number): InShare {
  const most = Math.max(1, Math.floor(connections / 4));
  const shares = new Map<string, Share>();
  let unnamed = 0;

  return async (row, work) => {
    if (row === undefined) return work();
    if (typeof row === 'function' && unnamed < most) {
      unnamed += 1;
      return work().finally(() => {
        unnamed -= 1;
      });
    }
    const name = typeof row === 'function' ? await row() : row;
    const share = shares.get(name) ?? { underWay: 0, waiting: new Set() };
    shares.set(name, share);
    if (share.underWay < most) share.underWay += 1;
    else await placeIn(share, patience);
    try {
      return await work();
    } catch (error) {
      if (isWaitInVain(error)) for (const each of [...share.waiting]) each.refuse(error);
      throw error;
    } finally {
      const [next] = share.waiting;
      if (next) next.take();
      else share.underWay -= 1;
      if (share.underWay === 0) shares.delete(name);
    }
  };
}

function isWaitInVain(error: unknown): boolean {
  const state = sqlstate(error);
  return state === sqlstates.lockNotAvailable || state === sqlstates.queryCanceled;
}

/** Resolves when somebody hands their place on. */
function placeIn({ waiting }: Share, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      waiting.delete(self);
    };
    const self: Waiting = {
      take() {
        leave();
        resolve();
      },
      refuse(cause) {
        leave();
        reject(databaseUnavailable(cause));
      },
    };
    const timer = setTimeout(() => self.refuse(new Error(`too many wait for the same row: no turn within ${patience} ms`)), patience);
    waiting.add(self);
  });
}
