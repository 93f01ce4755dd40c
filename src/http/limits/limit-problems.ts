import { problemCatalogue } from '../../problems.ts';

export const limitProblems = problemCatalogue({
  rate_limited: {
    status: 429,
    title: { ko: '요청이 너무 많습니다', en: 'Too many requests' },
    detail: {
      ko: '짧은 시간에 요청이 너무 많았습니다. {seconds}초 뒤에 다시 시도하세요. 지금까지 입력한 내용은 그대로 있습니다.',
      en: 'Too many requests came in a short time. Try again in {seconds} s; what you entered so far is kept.',
    },
  },
});
