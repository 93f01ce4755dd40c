import { problemCatalogue } from '../problems.ts';
import type { Wait } from './semaphore.ts';

/** Why operator requests are refused while others keep the database busy; sign-ups go on. */
export const busyProblems = problemCatalogue({
  operators_busy: {
    status: 503,
    retryAfterSeconds: 2,
    title: { ko: '운영자 요청이 너무 많습니다', en: 'Too many operator requests' },
    detail: {
      ko: '운영자 요청에는 데이터베이스 연결의 절반까지만 쓰는데, 지금은 모두 쓰고 있습니다. 잠시 후 다시 시도하세요.',
      en: 'Operator requests may use half of the database connections, and all of these are in use. Try again in a moment.',
    },
  },
  count_busy: {
    status: 503,
    retryAfterSeconds: 5,
    title: { ko: '다른 집계가 진행 중입니다', en: 'Another count is under way' },
    detail: {
      ko: '전체 집계와 내보내기는 동시에 몇 개만 실행할 수 있습니다. 잠시 후 다시 시도하세요.',
      en: 'Only a few requests that count or export everything run at a time. Try again in a moment.',
    },
  },
});

/** Milliseconds. */
const patience = 5_000;

/**
 * How operator requests wait for `longWork`, the slots for statements that may take seconds. There are fewer slots than operators have
 * connections, so that short requests always find one.
 */
export function longWorkWait(signal: AbortSignal, busy = busyProblems.count_busy): Wait {
  return { milliseconds: patience, busy, signal };
}
