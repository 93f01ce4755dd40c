import { shownMoment } from '../rules/format-timestamp.ts';
import type { KeyRow } from './key-store.ts';

/** The answer `OperatorKey` of `schema.ts`. */
export function shownKey(row: KeyRow) {
  const { id, label, role, hint, created_by, created_at, last_used_at, expires_at, revoked_at } = row;
  return {
    id,
    label,
    role,
    hint,
    created_at: shownMoment(created_at) ?? '',
    created_by,
    last_used_at: shownMoment(last_used_at),
    expires_at: shownMoment(expires_at),
    revoked_at: shownMoment(revoked_at),
  };
}
