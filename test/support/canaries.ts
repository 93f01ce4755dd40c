import { randomBytes, randomInt } from 'node:crypto';

/** Values that no program has a reason to write anywhere but into its database, each once, and the search for them. */
export class Canaries {
  /** In every text of `word`, in letters that nothing escapes. */
  readonly #mark = `kan4rie${randomBytes(4).toString('hex')}`;
  readonly #others = new Set<string>();
  #count = 0;

  /** A word of letters and digits. */
  word(): string {
    this.#count += 1;
    return `${this.#mark}x${this.#count}`;
  }

  /** A mobile number of Korea; every spelling of it is found. */
  phone(): string {
    const number = String(randomInt(20_000_000, 99_999_999));
    this.#others.add(`10${number}`).add(`10-${number.slice(0, 4)}-${number.slice(4)}`);
    this.#count += 1;
    return `010-${number.slice(0, 4)}-${number.slice(4)}`;
  }

  /** A day before any log was written. */
  birthday(): string {
    this.#count += 1;
    const day = new Date(Date.UTC(1901, 0, 1 + (this.#count % 25_000))).toISOString().slice(0, 10);
    this.#others.add(day);
    return day;
  }

  /** A made-up session id. */
  note(value: string): void {
    this.#others.add(value);
  }

  /** @returns the lines that hold one of them, or the hash of a password. */
  linesWithOne(text: string): string[] {
    const wanted = [this.#mark, '$2b$', ...this.#others];
    return text.split('\n').filter((line) => wanted.some((value) => line.toLowerCase().includes(value)));
  }
}
