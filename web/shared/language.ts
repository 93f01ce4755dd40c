import { inBrowser } from './kept.ts';

export type Language = 'ko' | 'en';
/** Korean, English. */
export type Sentence = readonly [ko: string, en: string];
export type Values = Readonly<Record<string, string | number>>;

const key = 'chodae.lang';
let current: Language = 'ko';

export function language(): Language {
  return current;
}

/** @param preferred the server's choice by `Accept-Language`; an earlier choice on this device goes before it. */
export function startLanguage(preferred: Language): void {
  const chosen = inBrowser.read(key);
  setLanguage(chosen === 'ko' || chosen === 'en' ? chosen : preferred);
}

/** Remembers a choice on this device. */
export function chooseLanguage(chosen: Language): void {
  inBrowser.write(key, chosen);
  setLanguage(chosen);
}

function setLanguage(chosen: Language): void {
  current = chosen;
  document.documentElement.lang = chosen;
}

/** @returns the sentence in the current language; `{names}` are filled with values. */
export function fill(sentence: Sentence, values: Values = {}): string {
  return sentence[current === 'ko' ? 0 : 1].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/**
 * @param word a name, such as that of a brand.
 * @returns the word with 로 or 으로: 으로 after a final consonant other than ㄹ.
 */
export function toward(word: string): string {
  const last = word.charCodeAt(word.length - 1) - 0xac00;
  const final = last >= 0 && last < 11172 ? last % 28 : 0;
  return word + (final === 0 || final === 8 ? '로' : '으로');
}
