import { hash } from 'node:crypto';

/** Slots of the table when it is made; it is doubled where it is half full. */
const firstSlots = 4_096;
/** 32-bit words of each slot: 64 bits of the code's hash, and the line. */
const slotWords = 3;

/**
 * The codes of a file and the lines that they stand in, for finding those that come twice. Keeps 64 bits of a code's hash instead of the code: a
 * million of them take 25 to 50 MB less than as texts, and are as many bytes whatever their length. Two different ones of a million are taken for one with a chance of 1 to 37 million.
 */
export interface SeenCodes {
  /** Notes where a code stands. @returns the line in which it stood before; undefined: none. */
  note(code: string, line: number): number | undefined;
}

export function seenCodes(): SeenCodes {
  let slots = firstSlots;
  let words = new Uint32Array(slots * slotWords);
  let filled = 0;

  /** @returns where the hash stands, or where it would. A line is never 0: that slot is free. */
  function placeOf(high: number, low: number): number {
    for (let slot = low % slots; ; slot = (slot + 1) % slots) {
      const place = slot * slotWords;
      if (words[place + 2] === 0 || (words[place] === high && words[place + 1] === low)) return place;
    }
  }

  function put(high: number, low: number, line: number): number | undefined {
    const place = placeOf(high, low);
    const before = words[place + 2];
    if (before) return before;
    words.set([high, low, line], place);
    filled += 1;
    return undefined;
  }

  function grow(): void {
    const old = words;
    slots *= 2;
    words = new Uint32Array(slots * slotWords);
    filled = 0;
    for (let place = 0; place < old.length; place += slotWords) {
      const [high = 0, low = 0, line = 0] = old.subarray(place, place + slotWords);
      if (line > 0) put(high, low, line);
    }
  }

  return {
    note(code, line) {
      if (2 * filled >= slots) grow();
      const digest = hash('sha1', code, 'buffer');
      return put(digest.readUInt32LE(0), digest.readUInt32LE(4), line);
    },
  };
}
