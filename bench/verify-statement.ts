import type { Statement } from '../src/database/database.ts';
import { startDeadline } from '../src/deadline.ts';
import { openSession } from '../src/registration/store.ts';
import { requestLimit } from '../src/time-limits.ts';
import { codePrefix } from './load-plan.ts';

/** A statement for the peers. The values `{code}` and `{session}` stand for those of a request. */
export interface PeerStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What the original does when it has found the code; the peers skip that look. */
export const simplestInsert: PeerStatement = {
  text: `INSERT INTO "RegisterSession" ("sessionId", "invitationId") SELECT $1::text, 1 WHERE $2::text IS NOT NULL`,
  values: ['{session}', '{code}'],
};

/** @returns the statement that the service sends for an exact code, as it sends it: asked of `openSession` itself. */
export async function ourStatement(): Promise<PeerStatement> {
  const code = `${codePrefix}0`;
  const sessionId = '0'.repeat(32);
  const sent: PeerStatement[] = [];
  const recorder = {
    async run<Row>({ text }: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
      sent.push({ text, values: values.map((value) => (value === code ? '{code}' : value === sessionId ? '{session}' : value)) });
      return [];
    },
  };
  await openSession(recorder, code, { sessionId, network: 'a'.repeat(32), lifeSeconds: 1800 }, 20, startDeadline(requestLimit));
  const [first] = sent;
  if (!first) throw new Error('openSession sends no statement');
  return first;
}

/** @returns the statement as a script of pgbench, for one of so many codes. */
export function pgbenchScript({ text, values }: PeerStatement, codes: number): string {
  const literal = (value: unknown) => {
    if (value === '{code}') return `('${codePrefix}' || (:code)::text)`;
    if (value === '{session}') return '(:session)::text';
    if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
    return value === null ? 'NULL' : String(value);
  };
  const filledIn = text.replaceAll(/\$(\d+)/g, (_, number) => literal(values[Number(number) - 1]));
  return `\\set code random(1, ${codes})\n\\set session random(1, 9000000000000000000)\n${filledIn.replaceAll(/\s*\n\s*/g, ' ')};\n`;
}
