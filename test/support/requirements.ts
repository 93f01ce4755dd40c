/** What some tests need of the machine and others do without. */
export type Requirement = 'postgresql' | 'pgbouncer' | 'chromium' | 'redis' | 'haproxy' | 'openssl' | 'schemathesis';
const requirements: readonly string[] = [
  'postgresql',
  'pgbouncer',
  'chromium',
  'redis',
  'haproxy',
  'openssl',
  'schemathesis',
] satisfies Requirement[];

/** @returns whether `CHODAE_TEST_REQUIRE` (a comma-separated list) says that its absence is a failure and no reason to skip. */
export function isRequired(requirement: Requirement): boolean {
  const named = (process.env.CHODAE_TEST_REQUIRE ?? '').split(',').filter((name) => name !== '');
  const unknown = named.find((name) => !requirements.includes(name));
  if (unknown !== undefined) throw new Error(`CHODAE_TEST_REQUIRE names ${unknown}; it knows ${requirements.join(', ')}.`);
  return named.includes(requirement);
}
