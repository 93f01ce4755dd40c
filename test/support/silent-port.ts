import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cleanUpAtExit } from './temporary.ts';

/** Drops every packet to and from a port of this machine, as a firewall or a dead network does: nothing is closed, nothing comes. */
export interface SilentPort {
  end(): void;
}

const program = ['/usr/sbin/nft', '/sbin/nft'].find((file) => existsSync(file));

/** @returns why packets cannot be dropped here; undefined where they can. */
export function whyNoSilence(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can drop packets';
  if (!program) return 'nft is not installed';
  try {
    execFileSync(program, ['list', 'tables'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'this machine does not let nft in';
  }
}

export function silencePort(port: number): SilentPort {
  const table = `chodae_test_${port}`;
  const rules = `table inet ${table} { chain out { type filter hook output priority 0; tcp dport ${port} drop; tcp sport ${port} drop; }; }`;
  const nft = (...words: string[]) => execFileSync(program as string, words, { stdio: 'pipe' });
  nft(rules);
  const end = () => {
    forget();
    nft('delete', 'table', 'inet', table);
  };
  const forget = cleanUpAtExit(() => nft('delete', 'table', 'inet', table));
  return { end };
}
