import { randomBytes } from 'node:crypto';
import { checkCharacterFor, checkSum, codeAlphabet, doubledValue } from './check-character.ts';
import { keyOfCode } from './code-key.ts';

/** Length of the generated part, including its check character; each other character has 5 random bits. */
export const generatedLength = { minimum: 13, usual: 15, maximum: 40 };
const groupLength = 5;

export interface CodeForm {
  /** As `acceptPrefix` returns it; stands before the generated part and a hyphen. */
  readonly prefix?: string | undefined;
  /** Of the generated part, within `generatedLength`. */
  readonly length?: number | undefined;
}

/**
 * Generates codes such as `SPRING-7KQ9X-M4TP2-RV3H5`: at least 60 random bits, 70 by default, and a check character at the end. A byte
 * mod 32 is unbiased. All random bytes are read at once: a million codes take about a second.
 * @param count limited only by memory.
 */
export function generateCodes(count: number, { prefix, length = generatedLength.usual }: CodeForm = {}): string[] {
  if (!(length >= generatedLength.minimum && length <= generatedLength.maximum)) throw new RangeError(`codes of ${length} characters`);
  const start = prefix === undefined ? '' : `${prefix}-`;
  const sumOfPrefix = checkSum(keyOfCode(start), length - 1);
  const random = randomBytes(count * (length - 1));
  const codes: string[] = [];
  for (let at = 0; at < random.length; at += length - 1) codes.push(start + generatedPart(random, at, length, sumOfPrefix));
  return codes;
}

function generatedPart(random: Uint8Array, from: number, length: number, sumOfPrefix: number): string {
  let part = '';
  let sum = sumOfPrefix;
  for (let place = 0; place < length - 1; place += 1) {
    const value = (random[from + place] ?? 0) % 32;
    sum += (length - 2 - place) % 2 === 0 ? doubledValue(value) : value;
    if (place > 0 && place % groupLength === 0) part += '-';
    part += codeAlphabet.charAt(value);
  }
  return part + ((length - 1) % groupLength === 0 ? '-' : '') + checkCharacterFor(sum);
}
