import { hash } from 'node:crypto';
import { keyOfCode, plainSpelling } from '../../code-key.ts';

/** Slots of the table when it is made; it is doubled where it is half full. */
const firstSlots = 4_096;
/** 32-bit words of each slot: 64 bits of the key's hash, 32 of the code's, and the line. */
const slotWords = 4;

/** The first line with a code, or with one that people cannot tell from it. */
interface SeenCode {
  readonly line: number;
  /** Whether it is the very same code. */
  readonly isSame: boolean;
}

/**
 * The codes of a file and the lines that they stand in, for finding those that come twice, in whatever spelling. Keeps hashes instead of texts: 34 to
 * 67 MB for a million codes, whatever their length. Two different keys of a million are taken for one with a chance of 1 to 37 million.
 */
interface SeenCodes {
  /** Notes where a code stands. @returns where one with its key stood first; undefined: nowhere. */
  note(code: string, line: number): SeenCode | undefined;
}

export function seenCodes(): SeenCodes {
  let slots = firstSlots;
  let words = new Uint32Array(slots * slotWords);
  let filled = 0;

  /** @returns where the hash stands, or where it would. A line is never 0: that slot is free. */
  function placeOf(high: number, low: number): number {
    for (let slot = low % slots; ; slot = (slot + 1) % slots) {
      const place = slot * slotWords;
      if (words[place + 3] === 0 || (words[place] === high && words[place + 1] === low)) return place;
    }
  }

  function put(high: number, low: number, spelling: number, line: number): SeenCode | undefined {
    const place = placeOf(high, low);
    const before = words[place + 3];
    if (before) return { line: before, isSame: words[place + 2] === spelling };
    words.set([high, low, spelling, line], place);
    filled += 1;
    return undefined;
  }

  function grow(): void {
    const old = words;
    slots *= 2;
    words = new Uint32Array(slots * slotWords);
    filled = 0;
    for (let place = 0; place < old.length; place += slotWords) {
      const [high = 0, low = 0, spelling = 0, line = 0] = old.subarray(place, place + slotWords);
      if (line > 0) put(high, low, spelling, line);
    }
  }

  return {
    note(code, line) {
      if (2 * filled >= slots) grow();
      // A code of spaces and hyphens has no key, and is like no other.
      const digest = hash('sha1', keyOfCode(plainSpelling(code)) || code, 'buffer');
      return put(digest.readUInt32LE(0), digest.readUInt32LE(4), hash('sha1', code, 'buffer').readUInt32LE(0), line);
    },
  };
}
