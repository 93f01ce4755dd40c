import { fillSentence, type Language, type Sentence, type SentenceValues } from '../problems.ts';
import { printable } from './printable.ts';

/** Text for the person at the terminal; the language is chosen when it is printed. */
export interface Message {
  readonly sentence: Sentence;
  readonly values?: SentenceValues;
}

/** Values may come from another machine, so they are made printable. */
export function translate({ sentence, values = {} }: Message, language: Language): string {
  const shown = Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value]);
  return fillSentence(sentence, language, Object.fromEntries(shown) as SentenceValues);
}

/** @returns the language of the terminal: `LC_ALL`, else `LC_MESSAGES`, else `LANG`. */
export function languageFromEnvironment(environment: NodeJS.ProcessEnv): Language {
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return /^ko(?![a-z])/i.test(locale) ? 'ko' : 'en';
}
