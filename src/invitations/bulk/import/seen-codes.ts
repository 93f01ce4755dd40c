import { hash } from 'node:crypto';
import { keyOfCode } from '../../code-key.ts';

/** The first line with a code, or with one that people cannot tell from it. */
interface SeenCode {
  readonly line: number;
  /** Whether it is the very same code. */
  readonly isSame: boolean;
}

/** 2 to the power of the bits of a code's digest that are kept beside its line in one number. */
const spellings = 2 ** 24;

/**
 * Finds codes that a file has twice, in any spelling. Digests instead of texts: some 70 MiB for a million codes, whatever their length. Two different
 * keys of a million share 64 bits with a chance of 1 to 37 million.
 * @returns a function that notes the line of a code, and returns where one with the same key stood first.
 */
export function seenCodes(): (code: string, line: number) => SeenCode | undefined {
  const seen = new Map<string, number>();
  return (code, line) => {
    // A code of spaces and hyphens has no key, and is like no other.
    const key = hash('sha1', keyOfCode(code) || code, 'binary').slice(0, 8);
    const spelling = hash('sha1', code, 'buffer').readUIntLE(0, 3);
    const before = seen.get(key);
    if (before !== undefined) return { line: Math.floor(before / spellings), isSame: before % spellings === spelling };
    seen.set(key, line * spellings + spelling);
    return undefined;
  };
}
