/** The roles of keys, from least to most; each includes those before it. */
export const roles = ['viewer', 'issuer', 'admin'] as const;

/**
 * `viewer` sees invitations, sign-ups in progress, the funnel and users, with all phone numbers masked, and cannot search by one; `issuer` also
 * creates, changes and revokes invitations, sees their phone numbers in full, and ends sign-ups; `admin` also sees, exports and deletes personal
 * data of users, manages keys and reads the audit log. No answer depends on a value that the role may not see: role-visibility.test.ts.
 */
export type Role = (typeof roles)[number];

/** @returns whether the role `held` includes the role `demanded`. */
export function suffices(held: Role, demanded: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(demanded);
}
