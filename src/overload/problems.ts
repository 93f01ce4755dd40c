import { Problem, problemCatalogue } from '../problems.ts';

export const overloadProblems = problemCatalogue({
  overloaded: {
    status: 503,
    title: { ko: '지금은 요청이 너무 많습니다', en: 'Too many requests at the moment' },
    detail: {
      ko: '가입하는 사람이 한꺼번에 몰려 처리하지 못했습니다. {seconds}초 뒤에 다시 시도하세요. 지금까지 입력한 내용은 그대로 있습니다.',
      en: 'Too many people are signing up at once. Try again in {seconds} s; nothing entered so far is lost.',
    },
    retryAfterSeconds: 1,
  },
});

/**
 * @param seconds until another try makes sense: a whole number, 1 at least.
 * @returns the 503 `overloaded`.
 */
export function overloaded(seconds: number): Problem {
  return new Problem(overloadProblems.overloaded, { retryAfterSeconds: seconds, values: { seconds } });
}
