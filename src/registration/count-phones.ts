import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { CountryCode } from 'libphonenumber-js';
import type { Logger } from 'pino';
import { type Database, type Queryable, until } from '../database/database.ts';
import { violatedConstraint } from '../database/database-errors.ts';
import { startDeadline } from '../deadline.ts';
import { acceptPhone } from '../rules/phone.ts';
import { requestLimit } from '../time-limits.ts';
import { lockPhones, readTakenPhones, readUncountedPhones, storePhoneKeys } from './phone-key-store.ts';

/**
 * One account per phone number rests on `phone_key`, which a sign-up fills while `PHONE_UNIQUE` is on. Accounts from before, and those that the
 * original's program adds, are counted here: in the background, so that a start takes no longer.
 */

/** What a look at all accounts found. */
export interface PhonesFound {
  /** Accounts whose number another account holds. */
  readonly sharing: number;
  /** Accounts whose number is none of the region. */
  readonly unreadable: number;
  /** Accounts whose number is counted now (a job), or is still to be counted (`examinePhones`). */
  readonly counted: number;
}

interface Pass {
  readonly found: PhonesFound;
  /** The last id. */
  readonly last: number;
  /** False: it was stopped, or another process is counting. */
  readonly isComplete: boolean;
}

/** Passes until all accounts are looked at again: a number is free for another account once the account that held it is deleted. */
const passesUntilAll = 60;
/** Numbers that are parsed in one turn of the event loop, some 20 µs each. */
const parsedAtOnce = 100;

export interface PhoneCounting {
  readonly database: Database;
  readonly region: CountryCode;
  readonly log: Logger;
  /** Formats an error for the log. */
  readonly describeError: (error: unknown) => unknown;
  /** Milliseconds between two passes; default: a minute. */
  readonly betweenPasses?: number;
}

/**
 * Counts the numbers of existing accounts now, and those of new ones each minute. Any number of processes may do so at once.
 * @returns a function that stops it after the current batch.
 */
export function startCountingPhones(counting: PhoneCounting): () => Promise<void> {
  const stopping = new AbortController();
  const running = countUntil(stopping.signal, counting);
  return async () => {
    stopping.abort();
    await running;
  };
}

async function countUntil(
  signal: AbortSignal,
  { database, region, log, describeError, betweenPasses = 60_000 }: PhoneCounting,
): Promise<void> {
  let isTold = false;
  // A pass begins where the one before began, because accounts may be committed in another order than that of their ids.
  let marks: readonly [before: number, last: number] = [0, 0];
  for (let pass = 0; !signal.aborted; pass += 1) {
    const isWhole = pass % passesUntilAll === 0;
    try {
      const { found, last, isComplete } = await countPhones(database, region, { after: isWhole ? 0 : marks[0], signal });
      marks = [marks[1], isComplete ? last : marks[1]];
      if (found.counted > 0) log.info({ accounts: found.counted }, 'phone numbers of existing accounts counted (PHONE_UNIQUE)');
      if (isComplete && !isTold) tell(found, log);
      isTold ||= isComplete;
    } catch (error) {
      log.warn({ error: describeError(error) }, 'could not count the phone numbers of existing accounts, retrying in a minute');
    }
    await delay(betweenPasses, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function tell({ sharing, unreadable }: PhonesFound, log: Logger): void {
  if (sharing + unreadable === 0) return;
  log.warn(
    { sharing, unreadable },
    'PHONE_UNIQUE cannot hold for accounts that share a phone number with another or have one that cannot be read',
  );
}

/**
 * Looks at all accounts with a higher id and counts the numbers of those that are not counted, in short transactions; after each batch it pauses for as
 * long as the batch took. 100,000 accounts were counted in 19 s on a busy machine of two cores.
 */
export async function countPhones(
  database: Database,
  region: CountryCode,
  { after = 0, signal }: { readonly after?: number; readonly signal?: AbortSignal } = {},
): Promise<Pass> {
  let found: PhonesFound = { sharing: 0, unreadable: 0, counted: 0 };
  let last = after;
  while (!signal?.aborted) {
    const begun = performance.now();
    const batch = await retryTaken(() =>
      database.transaction((transaction) => countBatch(transaction, region, last), startDeadline(requestLimit)),
    );
    if (batch === 'elsewhere') return { found, last, isComplete: false };
    found = sum(found, batch.found);
    if (batch.last === null) return { found, last, isComplete: true };
    last = batch.last;
    await delay(performance.now() - begun, undefined, { signal }).catch(() => undefined);
  }
  return { found, last, isComplete: false };
}

/** A sign-up that takes one of the numbers meanwhile is seen at the next try. */
async function retryTaken<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === 5 || violatedConstraint(error) !== 'User_phone_key_key') throw error;
    }
  }
}

async function countBatch(transaction: Queryable, region: CountryCode, after: number) {
  if (!(await lockPhones(transaction))) return 'elsewhere' as const;
  const { last, ids, phones } = await readUncountedPhones(transaction, after);
  const read = await readPhones(ids, phones, region);
  const stored = read.length === 0 ? new Set() : await storePhoneKeys(transaction, ...columnsOf(read));
  return { last, found: { sharing: read.length - stored.size, unreadable: ids.length - read.length, counted: stored.size } };
}

/** Accounts that are not counted and are looked at: a few seconds. */
const examinedMost = 200_000;

/** Looks at the accounts that are not counted, without changing anything. @returns undefined: there are too many. */
export async function examinePhones(database: Database, region: CountryCode): Promise<PhonesFound | undefined> {
  let found: PhonesFound = { sharing: 0, unreadable: 0, counted: 0 };
  const seen = new Set<string>();
  for (let after = 0, looked = 0; looked < examinedMost; ) {
    const asked = until(startDeadline(requestLimit), database);
    const { last, ids, phones } = await readUncountedPhones(asked, after);
    if (last === null) return found;
    const read = await readPhones(ids, phones, region);
    const taken = read.length === 0 ? new Set() : await readTakenPhones(asked, columnsOf(read)[1]);
    const counted = read.filter(({ key }) => {
      if (taken.has(key) || seen.has(key)) return false;
      seen.add(key);
      return true;
    }).length;
    found = sum(found, { sharing: read.length - counted, unreadable: ids.length - read.length, counted });
    looked += ids.length;
    after = last;
  }
  return undefined;
}

interface ReadPhone {
  readonly id: number;
  readonly key: string;
}

/** @returns the accounts whose number is one of the region, with the number in E.164. */
async function readPhones(ids: readonly number[], phones: readonly string[], region: CountryCode): Promise<ReadPhone[]> {
  const read: ReadPhone[] = [];
  for (const [place, id] of ids.entries()) {
    if (place % parsedAtOnce === parsedAtOnce - 1) await nextTurn();
    const phone = acceptPhone(phones[place] ?? '', { region });
    if (phone.ok) read.push({ id, key: phone.value.e164 });
  }
  return read;
}

function columnsOf(read: readonly ReadPhone[]): [ids: number[], keys: string[]] {
  return [read.map(({ id }) => id), read.map(({ key }) => key)];
}

function sum(one: PhonesFound, other: PhonesFound): PhonesFound {
  return {
    sharing: one.sharing + other.sharing,
    unreadable: one.unreadable + other.unreadable,
    counted: one.counted + other.counted,
  };
}
