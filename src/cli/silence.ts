import type { Sentence } from '../errors.ts';
import type { Remark } from './remark.ts';

const silences = {
  interrupted: { ko: '중단했습니다', en: 'interrupted' },
  late: { ko: '{seconds}초 안에 답이 없습니다', en: 'no answer within {seconds} s' },
  refused: { ko: '이 주소에서 기다리는 프로그램이 없습니다', en: 'nothing listens at this address' },
  unknownHost: { ko: '이 이름의 컴퓨터를 찾을 수 없습니다', en: 'no machine of this name was found' },
  untrusted: {
    ko: '서버 인증서를 믿을 수 없습니다({reason}). 사설 인증서라면 NODE_EXTRA_CA_CERTS에 그 파일을 지정하세요',
    en: 'the certificate of the server is not trusted ({reason}); for one of your own, name its file in NODE_EXTRA_CA_CERTS',
  },
  noTls: { ko: '이 포트는 HTTPS를 쓰지 않습니다', en: 'this port does not speak HTTPS' },
  noHttp: { ko: '이 포트에서 오는 답은 HTTP가 아닙니다', en: 'what answers at this port is not HTTP' },
  tooLong: { ko: '답이 Chodae의 어떤 답보다도 깁니다', en: 'the answer is longer than any that Chodae gives' },
  broken: { ko: '연결이 끊어졌습니다({reason})', en: 'the connection broke ({reason})' },
} satisfies Record<string, Sentence>;

/** Why no complete answer came. */
export const explainSilence = {
  interrupted: (): Remark => ({ sentence: silences.interrupted }),
  late: (seconds: number): Remark => ({ sentence: silences.late, values: { seconds } }),
  /** @param error what Node's client threw */
  network(error: unknown): Remark {
    const reason = networkReason(error);
    if (reason === 'ECONNREFUSED') return { sentence: silences.refused };
    if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return { sentence: silences.unknownHost };
    if (/CERT|VERIFY|ALTNAME/.test(reason)) return { sentence: silences.untrusted, values: { reason } };
    if (/SSL|EPROTO/.test(reason)) return { sentence: silences.noTls };
    if (reason === 'ANSWER_TOO_LONG') return { sentence: silences.tooLong };
    if (/^HPE_/.test(reason)) return { sentence: silences.noHttp };
    return { sentence: silences.broken, values: { reason } };
  },
};

function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
