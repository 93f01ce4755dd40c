/** Where the pages are that say how to mend something; a test checks that each of them and its heading exist. */
export const pages = {
  settings: 'docs/configuration.md#settings',
  address: 'docs/configuration.md#the-address-of-postgresql',
  encryption: 'docs/configuration.md#encryption',
  database: 'docs/database.md#embedded-or-postgresql',
  migrations: 'docs/database.md#migrations',
  rights: 'docs/database.md#a-role-with-fewer-rights',
  otherRoles: 'docs/database.md#other-roles-of-the-database',
  rowSecurity: 'docs/database.md#supabase-and-row-level-security',
  connections: 'docs/running.md#connections',
  clocks: 'docs/running.md#clocks',
  https: 'docs/running.md#https',
  retention: 'docs/running.md#retention',
  hashing: 'docs/running.md#hashing',
  files: 'docs/running.md#files',
  testCodes: 'docs/invitation-codes.md#test-codes',
  limits: 'docs/configuration.md#limits',
  seats: 'docs/operating.md#seats',
  codes: 'docs/invitation-codes.md#how-people-type-it',
  metrics: 'docs/observability.md#metrics',
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
