import { createHash, randomBytes } from 'node:crypto';

/** Lets people and secret scanners recognise a key. */
const prefix = 'chodae_key_';
const shape = /^chodae_key_[0-9a-f]{40}$/;

export interface NewOperatorKey {
  /** To be shown once: `chodae_key_` and 40 hexadecimal digits, 160 random bits. */
  readonly key: string;
  /** SHA-256 in hexadecimal digits. A fast hash is enough for what nobody can guess (NIST SP 800-63B, 5.1.2.2: at least 112 bits). */
  readonly hash: string;
  /** How it begins. */
  readonly hint: string;
}

export function generateOperatorKey(): NewOperatorKey {
  const key = `${prefix}${randomBytes(20).toString('hex')}`;
  return { key, hash: hashOperatorKey(key), hint: `${key.slice(0, prefix.length + 6)}…` };
}

export function hashOperatorKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** @returns whether a text could be a key at all; no other text is looked up. */
export function isOperatorKey(text: string): boolean {
  return shape.test(text);
}
