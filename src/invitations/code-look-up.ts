import { codeGroups, codeKey } from '../database/folded-text.ts';
import { mayBeUsed } from './availability.ts';
import { isNoCodeOfOurs } from './code-shape.ts';
import { readTypedCode } from './typed-code.ts';

/** A typed code as the lookup statement takes it. */
export interface CodeLookUp {
  /** As typed: an exact match comes before all others. */
  readonly typed: string;
  /** What `readTypedCode` makes of it. */
  readonly plain: string;
  /** The same if only a code with the same groups may match, else null; see `codeLookUp`. */
  readonly grouped: string | null;
}

/**
 * A text that cannot be a code of ours (`isNoCodeOfOurs`) is not charged as a guess. So it must not match one either: otherwise an attacker could
 * guess at WELCOME2026SPRING for free by writing WELCO-ME202-6SPRI-NG. Codes made elsewhere in groups of five are still found.
 */
export function codeLookUp(typed: string): CodeLookUp {
  const { plain } = readTypedCode(typed);
  return { typed, plain, grouped: isNoCodeOfOurs(plain) ? plain : null };
}

/**
 * A scalar subquery that gives the id of the invitation with this code, or NULL. An exact match wins, of the text as typed before what it
 * was read as; otherwise the only invitation with the same key; of several, the only one that can still be used. If several can, the match is ambiguous, so no row is returned: we create
 * no such pairs (`code-collisions.ts`), but SQL may.
 * @param parameters `$1` and the like, for the members of a `CodeLookUp`.
 */
export function meantInvitation({ typed, plain, grouped }: Readonly<Record<keyof CodeLookUp, string>>): string {
  const key = codeKey(`${plain}::text`);
  return `(WITH exact AS (
       SELECT id FROM "Invitation" WHERE code = ${typed}
     ), near AS (
       SELECT i.id, ${mayBeUsed('i')} AS open, i.code = ${plain} AS same FROM "Invitation" i
       WHERE NOT EXISTS (SELECT FROM exact) AND ${codeKey('i.code')} = ${key} AND ${key} <> ''
         AND (${grouped}::text IS NULL OR ${codeGroups('i.code')} = ${codeGroups(`${grouped}::text`)})
     )
     SELECT id FROM exact UNION ALL
     SELECT CASE count(*) WHEN 1 THEN min(id) ELSE COALESCE(min(id) FILTER (WHERE same), min(id) FILTER (WHERE open)) END FROM near
     HAVING count(*) = 1 OR count(*) FILTER (WHERE same) = 1 OR count(*) FILTER (WHERE open) = 1)`;
}
