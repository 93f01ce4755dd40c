/** Hangul, kana and ideographs, with their full-width signs: each takes two places on a terminal. Enough for what the tests write. */
const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u;

/** @returns how many places a text takes on a terminal, counted without the library that the program itself uses. */
export function placesOf(text: string): number {
  return Array.from(text).reduce((places, character) => places + (wide.test(character) ? 2 : 1), 0);
}

/** @returns at which place of the screen each cell of a line begins; cells stand two spaces or more apart. */
export function cellPlaces(line: string): number[] {
  return [...line.matchAll(/(?<=^|\s{2})\S/gu)].map((match) => placesOf(line.slice(0, match.index)));
}
