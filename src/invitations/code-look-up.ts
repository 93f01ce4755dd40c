import { mayBeUsed } from './availability.ts';
import { codeKey, plainSpelling } from './code-key.ts';
import { isNoCodeOfOurs } from './code-shape.ts';

/** A typed code as the statement that looks it up takes it. */
export interface CodeLookUp {
  /** As typed: an invitation with exactly this code comes before all others. */
  readonly typed: string;
  /** In the characters that codes are written in. */
  readonly plain: string;
  /** Filled where only a code with the same groups may be meant; see `codeLookUp`. */
  readonly grouped: string | null;
}

/**
 * Where a text cannot be a code that was made here (`isNoCodeOfOurs`), nobody has to pay for the guess. So it must not hit one either: written as
 * WELCO-ME202-6SPRI-NG, somebody could guess at WELCOME2026SPRING for nothing. Codes that were made elsewhere in groups of five are still found.
 */
export function codeLookUp(typed: string): CodeLookUp {
  const plain = plainSpelling(typed);
  return { typed, plain, grouped: isNoCodeOfOurs(typed) ? plain.trim().replace(/[- ]+/g, '-') : null };
}

const groupsOf = (expression: string) => `translate(upper(${expression}), 'OIL ', '011-')`;

/**
 * A scalar subquery that gives the id of the invitation that a code means, or no row: the one with exactly this code; where there is none, the
 * only one whose code has the same key; of several, the only one by which somebody may still come in. Nobody can tell two of those apart, so then it
 * is none: no two are made here (`code-collisions.ts`), but SQL may make them.
 * @param parameters `$1` and the like, for the members of a `CodeLookUp`.
 */
export function meantInvitation({ typed, plain, grouped }: Readonly<Record<keyof CodeLookUp, string>>): string {
  const key = codeKey(`${plain}::text`);
  return `(WITH exact AS (
       SELECT id FROM "Invitation" WHERE code = ${typed}
     ), near AS (
       SELECT i.id, ${mayBeUsed('i')} AS open FROM "Invitation" i
       WHERE NOT EXISTS (SELECT FROM exact) AND ${codeKey('i.code')} = ${key} AND ${key} <> ''
         AND (${grouped}::text IS NULL OR ${groupsOf('i.code')} = ${groupsOf(`${grouped}::text`)})
     )
     SELECT id FROM exact UNION ALL
     SELECT CASE count(*) WHEN 1 THEN min(id) ELSE min(id) FILTER (WHERE open) END FROM near
     HAVING count(*) = 1 OR count(*) FILTER (WHERE open) = 1)`;
}
