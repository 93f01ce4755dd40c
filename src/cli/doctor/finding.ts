/** Where the pages are that say how to fix something; a test checks that each of them and its heading exist. */
export const pages = {
  settings: 'docs/reference/configuration.md#settings',
  address: 'docs/reference/configuration.md#the-address-of-postgresql',
  encryption: 'docs/reference/configuration.md#encryption',
  database: 'docs/guides/database.md#embedded-or-postgresql',
  migrations: 'docs/guides/database.md#migrations',
  rights: 'docs/guides/database.md#a-role-with-fewer-rights',
  otherRoles: 'docs/guides/database.md#other-roles-of-the-database',
  rowSecurity: 'docs/guides/database.md#supabase-and-row-level-security',
  connections: 'docs/guides/running.md#connections',
  clocks: 'docs/guides/running.md#clocks',
  https: 'docs/guides/running.md#https',
  retention: 'docs/guides/running.md#retention',
  hashing: 'docs/guides/running.md#hashing',
  files: 'docs/guides/running.md#files',
  signUpPage: 'docs/guides/sign-up-page.md#branding',
  testCodes: 'docs/reference/invitation-codes.md#test-codes',
  limits: 'docs/reference/configuration.md#limits',
  seats: 'docs/guides/operating.md#seats',
  codes: 'docs/reference/invitation-codes.md#how-people-type-it',
  phones: 'docs/guides/operating.md#one-account-per-phone-number',
  metrics: 'docs/guides/observability.md#metrics',
} as const;

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do, where it is not `ok`. */
  readonly advice?: string;
  /** The page about it, with the heading. */
  readonly page: (typeof pages)[keyof typeof pages];
}
