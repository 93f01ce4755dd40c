import { usableTestCodes } from '../invitations/seed-test-codes.ts';
import type { Services } from '../services.ts';

/** What each start says while codes that everybody knows let somebody in. */
export async function testCodeLines({ database, config }: Services): Promise<string[]> {
  // A database that does not answer now is asked again by requests.
  const rows = await usableTestCodes(database).catch(() => []);
  const [first] = rows;
  if (!first) return [];
  const ends = rows.map((row) => row.expires_at);
  const isEndless = ends.some((end) => end === null || !Number.isFinite(Number(end)));
  const last = new Date(Math.max(...ends.map(Number)));
  const { timeZone } = config.registration;
  const until = isEndless
    ? 'with no end'
    : `until ${new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(last)} (${timeZone})`;
  return [
    `Test codes      ${rows.map(({ code }) => code).join(', ')} can be used by anybody who has read the README, ${until}.`,
    `  To stop one: npx chodae invite revoke ${first.code}. For another day: npx chodae seed`,
  ];
}
