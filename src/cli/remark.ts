import { fillSentence, type Language, type Sentence, type SentenceValues } from '../errors.ts';
import { printable } from './printable.ts';

/** Something to tell the reader, in a language that is only known when it is printed. */
export interface Remark {
  readonly sentence: Sentence;
  readonly values?: SentenceValues;
}

/** Values may come from elsewhere: they are made printable. */
export function phrase({ sentence, values = {} }: Remark, language: Language): string {
  const shown = Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value]);
  return fillSentence(sentence, language, Object.fromEntries(shown) as SentenceValues);
}
