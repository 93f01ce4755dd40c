/** What a key may do, from the least to the most; each may do all that those before it may. */
export const roles = ['viewer', 'issuer', 'admin'] as const;

/**
 * `viewer` looks at invitations, sign-ups under way, the funnel and users, with every phone number masked, and finds nobody by one; `issuer` also
 * makes, changes and revokes invitations, sees their phone numbers in full, and ends sign-ups; `admin` also sees, exports and deletes personal data of users, manages
 * keys and reads the audit log. No answer depends on a value that its reader's role may not see: role-visibility.test.ts.
 */
export type Role = (typeof roles)[number];

/** @returns whether somebody with the role `held` may do what asks for `demanded`. */
export function suffices(held: Role, demanded: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(demanded);
}
