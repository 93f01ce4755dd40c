import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import type { Config } from '../config/config.ts';

/** Seconds that a link works. */
const lifeSeconds = 600;

/** Links by which operators look at the sign-up page without an invitation. */
export interface PreviewLinks {
  /** @returns undefined: there is no secret to sign with. */
  make(now: Date): { readonly token: string; readonly expiresAt: Date } | undefined;
  isGood(token: string, now: Date): boolean;
}

/**
 * The key is derived from the password of the database, which every process has; the embedded database has one process and a key of its own.
 * Where the database has no password there is no secret, so no link is made or taken.
 */
export function openPreviewLinks(settings: Config['database']): PreviewLinks {
  let derived: Buffer | undefined;
  // At the first link: it takes a twentieth of a second on purpose.
  const key = (): Buffer | undefined => {
    if (settings.kind === 'embedded') derived ??= randomBytes(32);
    else if (settings.runtime.password !== '') derived ??= scryptSync(settings.runtime.password, 'chodae previews', 32);
    return derived;
  };
  const sign = (end: string, secret: Buffer) => createHmac('sha256', secret).update(`preview ${end}`).digest();
  return {
    make(now) {
      const secret = key();
      if (!secret) return undefined;
      const seconds = Math.floor(now.getTime() / 1000) + lifeSeconds;
      return { token: `${seconds}.${sign(String(seconds), secret).toString('base64url')}`, expiresAt: new Date(seconds * 1000) };
    },
    isGood(token, now) {
      const [, end = '', signature = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(token) ?? [];
      const left = Number(end) - now.getTime() / 1000;
      // Before the key: a token that is no token costs nothing.
      if (signature === '' || left <= 0 || left > lifeSeconds) return false;
      const secret = key();
      return secret !== undefined && timingSafeEqual(sign(end, secret), Buffer.from(signature, 'base64url'));
    },
  };
}
