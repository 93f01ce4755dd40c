import { createHash, randomBytes } from 'node:crypto';

/** Lets people and secret scanners recognise a key. */
const prefix = 'chodae_key_';
const shape = /^chodae_key_[0-9a-f]{40}$/;

export interface NewOperatorKey {
  /** Shown once: `chodae_key_` and 40 hexadecimal digits, 160 random bits. */
  readonly key: string;
  /** SHA-256 in hexadecimal. A fast hash is enough for a secret of at least 112 random bits (NIST SP 800-63B, 5.1.2.2). */
  readonly hash: string;
  /** Its first characters. */
  readonly hint: string;
}

export function generateOperatorKey(): NewOperatorKey {
  const key = `${prefix}${randomBytes(20).toString('hex')}`;
  return { key, hash: hashOperatorKey(key), hint: `${key.slice(0, prefix.length + 6)}…` };
}

export function hashOperatorKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** @returns whether a text has the form of a key; others are not looked up. */
export function isOperatorKey(text: string): boolean {
  return shape.test(text);
}
