import { inBrowser, inTab } from '../shared/kept.ts';
import { serverNow } from '../shared/server-clock.ts';
import { fingerprint } from './code-in-link.ts';

const key = 'chodae.join';
const draftKey = 'chodae.draft';

/** One person's unfinished sign-up, as this page knows it. */
export interface Session {
  readonly id: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly expiresAt: number;
  /** The fingerprint of its code, since the code itself is not stored; '' if it is not known. */
  readonly mark: string;
  /** Names of steps still to be done; undefined until the server was asked. */
  readonly remaining?: readonly string[] | undefined;
  /** Only one phone number can complete it. */
  readonly phoneBound?: boolean | undefined;
}

/** Keeps what a later visit needs to resume: nothing personal. */
export function storeSession({ id, expiresAt, mark }: Session): void {
  inBrowser.write(key, JSON.stringify({ id, expiresAt, mark }));
  if (inTab.read(draftKey) === null) inTab.write(draftKey, '{}');
}

export function readStoredSession(): Session | undefined {
  try {
    const stored = JSON.parse(inBrowser.read(key) ?? '');
    if (typeof stored.id === 'string' && stored.expiresAt > serverNow()) return stored;
  } catch {}
  return undefined;
}

export function forgetSession(): void {
  inBrowser.write(key, null);
  inTab.write(draftKey, null);
}

/** Values by field, typed but not accepted yet; never a password. Undefined: this tab has no sign-up. */
export function readDraft(): Record<string, string> | undefined {
  try {
    return JSON.parse(inTab.read(draftKey) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

export function storeDraft(draft: Readonly<Record<string, string>>): void {
  inTab.write(draftKey, JSON.stringify(draft));
}

export function belongsTo(session: Session, code: string): boolean {
  return code === '' || session.mark === fingerprint(code);
}
