import type { Language, Sentence } from '../errors.ts';
import { Refusal } from './exit-codes.ts';
import { phrase } from './remark.ts';
import { explainSilence } from './silence.ts';

const sentences = {
  interrupted: { ko: '중단했습니다.', en: 'Interrupted.' },
  lost: { ko: '{place}: 서버가 답하지 않습니다. {reason}.', en: '{place} does not answer: {reason}.' },
  here: { ko: '이 컴퓨터의 데이터베이스', en: 'The database of this machine' },
} satisfies Record<string, Sentence>;

/** A failure after which the same request may get its answer: the connection was there and broke. */
const broken = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED']);

interface Asked {
  readonly place: { readonly url: string } | { readonly socketPath: string };
  readonly language: Language;
  readonly interrupt: AbortSignal;
}

/** No answer came, or only a part of one. Whether the request was carried out is unknown, unless it never left. */
export class LostConnection extends Refusal {
  readonly mayBeBack: boolean;

  constructor(error: unknown, { place, language, interrupt }: Asked) {
    super(
      interrupt.aborted
        ? phrase({ sentence: sentences.interrupted }, language)
        : phrase({ sentence: sentences.lost, values: { place: nameOf(place, language), reason: reasonOf(error, language) } }, language),
    );
    this.mayBeBack = !interrupt.aborted && broken.has(codeOf(error));
  }
}

function nameOf(place: Asked['place'], language: Language): string {
  return 'url' in place ? place.url : sentences.here[language];
}

function reasonOf(error: unknown, language: Language): string {
  return phrase(explainSilence.network(error), language);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
