import type { Sentence } from '../../errors.ts';

/** The headings. */
export const headings = {
  code: { ko: '초대 코드', en: 'Invitation code' },
  signUp: { ko: '회원가입: {code}', en: 'Sign-up with {code}' },
  signUpAfter: { ko: '회원가입: {code} (쓸 수 없는 코드: {refused})', en: 'Sign-up with {code} (not usable: {refused})' },
  completed: { ko: '끝난 가입의 반복', en: 'The completed sign-up, repeated' },
  ownSession: { ko: '엔드포인트 하나씩: {code}, 마지막에 그만두기', en: 'Each endpoint on its own, with {code}, then abandoned' },
  refusals: { ko: '오류 사례', en: 'Error cases' },
  documents: { ko: '문서와 상태', en: 'Documents and health' },
} satisfies Record<string, Sentence>;

/** Results that are no answer to one request. */
export const labels = {
  usableCode: { name: 'usable_code', title: { ko: '쓸 수 있는 초대 코드', en: 'a usable code' } },
  allChecksRan: { name: 'all_checks_ran', title: { ko: '모든 확인 실행', en: 'all checks ran' } },
  sessionsAbandoned: { name: 'sessions_abandoned', title: { ko: '열어 둔 세션 정리', en: 'no session left behind' } },
} satisfies Record<string, { name: string; title: Sentence }>;

export const reasons = {
  noCode: { ko: '쓸 수 있는 초대 코드가 없어 하지 않았습니다', en: 'left out: no usable code' },
  noneUsable: {
    ko: '쓸 수 있는 코드가 없습니다: {refused}',
    en: 'no code can be used: {refused}',
  },
  seatsLeft: {
    ko: '이 코드로 아직 더 가입할 수 있어 확인하지 않았습니다',
    en: 'left out: the code still lets somebody in, so it may have further seats',
  },
  sessionsLeft: {
    ko: '서버가 세션 {count}개를 놓아주지 않았습니다. 시간이 지나면 저절로 없어집니다',
    en: 'the server did not let go of {count} session(s); they end by themselves when their time is over',
  },
} satisfies Record<string, Sentence>;

/** What the reader should know when it is over. */
export const closings = {
  httpsOnly: {
    ko: '이 서버는 HTTPS로만 받습니다(FORCE_HTTPS). 사람들이 쓰는 https:// 주소로 다시 확인하세요.',
    en: 'This server takes HTTPS only (FORCE_HTTPS): try the https:// address that people use.',
  },
  codeUsedUp: { ko: '{code} 코드를 썼습니다.', en: '{code} is used up now.' },
  seatUsed: { ko: '{code} 코드의 자리 하나를 썼습니다.', en: 'One seat of {code} is used now.' },
  reset: {
    ko: '테스트 코드를 다시 쓰려면 서버가 있는 컴퓨터에서 `npx chodae seed`를 실행하거나, PostgreSQL에서 다음을 실행하세요:',
    en: "To make the test codes fresh: `npx chodae seed` on the server's machine, or in PostgreSQL:",
  },
} satisfies Record<string, Sentence>;
