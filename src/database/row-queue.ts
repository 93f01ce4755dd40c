import { databaseUnavailable, sqlstate } from './database-errors.ts';
import { sqlstates } from './sqlstates.ts';

/**
 * Names the row that a statement may have to wait for, such as `invitation 17`. A function is only called where many such statements are under
 * way; it may look the name up.
 */
export type RowKey = string | (() => Promise<string>);

/** Does some work when it has its turn for the row. @throws Problem `database_unavailable` where the turn does not come in time. */
export type InRowQueue = <Result>(row: RowKey, milliseconds: number, work: () => Promise<Result>) => Promise<Result>;

interface Row {
  underWay: number;
  readonly waiting: Set<Waiting>;
}

interface Waiting {
  takeTurn(): void;
  refuse(cause: unknown): void;
}

/**
 * Keeps statements that wait for one row from taking every connection: a quarter of the connections may wait for it, the other statements wait here, without
 * one. Statements whose row is not known yet have another quarter. This costs no throughput: only one transaction can hold the row lock.
 * When a statement has waited for the row in vain, those that wait here are refused with it: they would wait as long again.
 */
export function openRowQueue(connections: number): InRowQueue {
  const most = Math.max(1, Math.floor(connections / 4));
  const rows = new Map<string, Row>();
  let unnamed = 0;

  return async (key, milliseconds, work) => {
    if (typeof key === 'function' && unnamed < most) {
      unnamed += 1;
      return work().finally(() => {
        unnamed -= 1;
      });
    }
    const name = typeof key === 'function' ? await key() : key;
    const row = rows.get(name) ?? { underWay: 0, waiting: new Set() };
    rows.set(name, row);
    if (row.underWay < most) row.underWay += 1;
    else await turnIn(row, milliseconds);
    try {
      return await work();
    } catch (error) {
      if (isWaitInVain(error)) for (const each of [...row.waiting]) each.refuse(error);
      throw error;
    } finally {
      const [next] = row.waiting;
      if (next) next.takeTurn();
      else row.underWay -= 1;
      if (row.underWay === 0) rows.delete(name);
    }
  };
}

function isWaitInVain(error: unknown): boolean {
  const state = sqlstate(error);
  return state === sqlstates.lockNotAvailable || state === sqlstates.queryCanceled;
}

/** Resolves when another statement hands its turn on. */
function turnIn({ waiting }: Row, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      waiting.delete(self);
    };
    const self: Waiting = {
      takeTurn() {
        leave();
        resolve();
      },
      refuse(cause) {
        leave();
        reject(databaseUnavailable(cause));
      },
    };
    const late = () => self.refuse(new Error(`timed out after ${Math.round(milliseconds)} ms waiting for a turn at a row that many want`));
    const timer = setTimeout(late, milliseconds);
    waiting.add(self);
  });
}
