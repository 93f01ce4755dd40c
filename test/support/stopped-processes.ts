import { readdirSync, readFileSync } from 'node:fs';
import { cleanUpAtExit } from './temporary.ts';

/**
 * Stops a process and its children with SIGSTOP: they keep their sockets and locks and do nothing.
 * @returns a function that resumes them.
 */
export function stopProcesses(parent: number): () => void {
  // The parent first, which then starts no more.
  process.kill(parent, 'SIGSTOP');
  const stopped = [parent, ...childrenOf(parent)];
  for (const pid of stopped) signal(pid, 'SIGSTOP');
  const goOn = () => {
    for (const pid of stopped) signal(pid, 'SIGCONT');
  };
  const forget = cleanUpAtExit(goOn);
  return () => {
    forget();
    goOn();
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

/** The fourth field of `stat`, after the name in brackets, which may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
