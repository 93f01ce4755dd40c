import { fillSentence, type Language, type Sentence, type SentenceValues } from '../errors.ts';

/** Something to tell the reader, in a language that is only known when it is printed. */
export interface Remark {
  readonly sentence: Sentence;
  readonly values?: SentenceValues;
}

export function phrase(remark: Remark, language: Language): string {
  return fillSentence(remark.sentence, language, remark.values);
}
