import bcrypt from 'bcrypt';
import { maximumUnitsRead } from '../well-formed-text.ts';
import { maximumPasswordBytes, normalizePassword } from './password-rules.ts';

/**
 * For whoever logs people in with the accounts made here: normalises as the sign-up does, then compares.
 * @param hash `$2b$`, `$2a$` or `$2y$`; the three are one algorithm, and the library knows only two of the names.
 * @returns whether it is the password. A hash of another form gives false. So does a password of more than 72 bytes or with NUL in it,
 *   which no account has: bcrypt would compare its beginning alone (CVE-2025-22228).
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (password.length > maximumUnitsRead) return false;
  const normalized = normalizePassword(password);
  if (Buffer.byteLength(normalized) > maximumPasswordBytes || normalized.includes('\0')) return false;
  return bcrypt.compare(normalized, hash.replace(/^\$2y\$/, '$2b$$'));
}
