import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The process that a lock file names. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** Process ids mean something only inside the same namespace; empty where the system has none. */
  readonly pidNamespace: string;
  /** Boot and clock tick at which the process started: tells a recycled process id from the holder. Empty where unknown. */
  readonly started: string;
  /** Unique for each time a lock is taken. */
  readonly token: string;
}

/** @returns this process as the holder of a lock to be taken. */
export function describeThisProcess(): LockHolder {
  return { pid: process.pid, host: hostname(), pidNamespace: pidNamespace(), started: startOf(process.pid) ?? '', token: randomUUID() };
}

/** @returns the holder that a lock file's text names; undefined where the text is none (its writer was killed half way). */
export function parseLockHolder(text: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<LockHolder>;
    return typeof holder.pid === 'number' && typeof holder.token === 'string' ? (holder as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the holder's process id can be looked up from here: not on another host or in another container. */
export function isVisible(holder: LockHolder): boolean {
  return holder.host === hostname() && holder.pidNamespace === pidNamespace();
}

/** Whether a visible holder still runs. Where the system does not tell when a process started, its id decides. */
export function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startOf(holder.pid);
  return started === undefined || started === holder.started;
}

/** Whether a holder that is not visible has our host name and process id: as the first process of a restarted container has. */
export function mayBeOurOwnPast(holder: LockHolder): boolean {
  return holder.host === hostname() && holder.pid === process.pid;
}

/** @returns when a process started; empty for one that has ended and only waits for its parent; undefined where that cannot be told. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 2 is the name in parentheses and may hold anything; field 3 is the state and field 22 the start (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
