import bcrypt from 'bcrypt';

/** Checks a password against a stored hash as another program would (docs/evidence/security.md): NFC, then bcrypt. */
export function verifyPassword(password: string, hash: string): Promise<boolean> {
  return bcrypt.compare(password.normalize('NFC'), hash);
}
