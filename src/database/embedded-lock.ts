import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeThisProcess, isAlive, isVisible, type LockHolder, mayBeOurOwnPast, parseLockHolder } from './lock-holder.ts';

/** The name of the lock in the folder; claims of a takeover are named after it with a suffix. */
export const lockFileName = 'chodae.lock';

const heartbeatMs = 5_000;
// A holder that cannot be seen from here (another host, another container) counts as dead after this long without a heartbeat.
const unseenLimitMs = 30_000;
// The same for one with our own host name and process id: most likely this container before its restart. Two heartbeats and some slack.
const ownPastLimitMs = 11_000;
// How long to wait for somebody else's takeover to end.
const patienceMs = 700;

/** Somebody else has the embedded database open. */
export class DatabaseInUseError extends Error {
  readonly pid: number | undefined;
  readonly host: string | undefined;

  constructor(directory: string, holder: LockHolder | undefined) {
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    const hint = holder && isVisible(holder) ? '' : ' If that process is gone for certain, try again in 30 seconds.';
    super(
      `The embedded database in ${directory} is in use by ${who} (${lockFileName}). Stop that process, choose another folder ` +
        `with DATA_DIR, or set DATABASE_URL to a PostgreSQL server, which many processes can share.${hint}`,
    );
    this.name = 'DatabaseInUseError';
    this.pid = holder?.pid;
    this.host = holder?.host;
  }
}

export interface EmbeddedLock {
  /** Looks whether somebody else owns the folder by now, say after this machine slept for longer than the limit: then stop writing, for good. */
  isLost(): boolean;
  /** Removes the lock file. Idempotent; also done when the process exits. */
  release(): void;
}

/**
 * Takes the folder for this process: PGlite itself lets two processes write at once, and rows are lost.
 * Never taken from a live process; a lock that a dead one left behind is taken over, by exactly one of many who try.
 * @param directory an existing folder.
 * @throws DatabaseInUseError within a second (within 11 s where the holder may be this very container before its restart).
 */
export async function acquireEmbeddedLock(directory: string): Promise<EmbeddedLock> {
  const path = join(directory, lockFileName);
  const self = describeThisProcess();
  const startedAt = Date.now();
  while (!createExclusively(path, self)) {
    const seen = readLock(path);
    if (seen === undefined) continue; // released between the two lines
    const holder = parseLockHolder(seen);
    const state = stateOf(holder, path);
    if (state === 'dead' && takeOver(path, seen, self)) break;
    const patience = holder && state === 'unseen' && mayBeOurOwnPast(holder) ? ownPastLimitMs : patienceMs;
    if (state === 'alive' || Date.now() - startedAt > patience) throw new DatabaseInUseError(directory, holder);
    await sleep(25);
  }
  removeClaims(path);
  return hold(path, self.token);
}

/** @returns who has the folder's database open at this moment, as far as can be told from here; changes nothing. */
export function lockHolder(directory: string): LockHolder | undefined {
  const path = join(directory, lockFileName);
  const holder = parseLockHolder(readLock(path) ?? '');
  return holder && stateOf(holder, path) !== 'dead' ? holder : undefined;
}

function stateOf(holder: LockHolder | undefined, path: string): 'alive' | 'dead' | 'unseen' {
  if (holder && isVisible(holder)) return isAlive(holder) ? 'alive' : 'dead';
  const limit = holder && mayBeOurOwnPast(holder) ? ownPastLimitMs : unseenLimitMs;
  const lastBeat = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  return Date.now() - lastBeat > limit ? 'dead' : 'unseen';
}

/**
 * Replaces the lock of a dead process. The right to do so is an exclusive file named after the dead lock's token; the claim of somebody who
 * died over it is never removed, only followed by a claim with the next number, so that no two live processes hold a claim on the same lock.
 * The claim becomes the lock in one rename. A claim on a lock that was replaced meanwhile is given up.
 */
function takeOver(path: string, seen: string, self: LockHolder): boolean {
  const claim = createClaim(`${path}.${parseLockHolder(seen)?.token ?? 'unreadable'}`, self);
  if (claim === undefined) return false;
  if (readLock(path) === seen) {
    renameSync(claim, path);
    return true;
  }
  rmSync(claim, { force: true });
  return false;
}

function createClaim(prefix: string, self: LockHolder): string | undefined {
  for (let attempt = 1; ; attempt++) {
    const claim = `${prefix}.${attempt}`;
    if (createExclusively(claim, self)) return claim;
    const rival = readLock(claim);
    if (rival === undefined || stateOf(parseLockHolder(rival), claim) !== 'dead') return undefined;
  }
}

/** Whoever still holds a claim on an older lock sees that the lock has changed and gives up, with or without its file. */
function removeClaims(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(`${basename(path)}.`)) rmSync(join(dirname(path), name), { force: true });
  }
}

const held = new Set<() => void>();
let releasesOnExit = false;

function releaseAll(): void {
  for (const release of held) release();
}

function hold(path: string, token: string): EmbeddedLock {
  let lost = false;
  const isLost = () => {
    lost ||= isOurs(path, token) === false;
    return lost;
  };
  const beat = () => {
    if (isLost()) return clearInterval(timer);
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Gone since the line before, or a read-only folder: the next beat finds out whose it is.
    }
  };
  const timer = setInterval(beat, heartbeatMs).unref();
  const release = () => {
    clearInterval(timer);
    held.delete(release);
    if (isOurs(path, token)) rmSync(path, { force: true });
  };
  held.add(release);
  if (!releasesOnExit) process.once('exit', releaseAll);
  releasesOnExit = true;
  return { isLost, release };
}

function createExclusively(path: string, holder: LockHolder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns the text of a lock or claim, empty where it may not be read; undefined where there is none. */
function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

/** Reading fails with these for a while, and tells nothing of the file. */
const passing = ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ESTALE'];

/** @returns undefined where it cannot be read now. */
function isOurs(path: string, token: string): boolean | undefined {
  try {
    return parseLockHolder(readFileSync(path, 'utf8'))?.token === token;
  } catch (error) {
    return passing.includes((error as NodeJS.ErrnoException).code ?? '') ? undefined : false;
  }
}
