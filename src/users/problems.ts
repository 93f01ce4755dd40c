import { problemCatalogue } from '../problems.ts';

export const userProblems = problemCatalogue({
  user_unknown: {
    status: 404,
    title: { ko: '없는 사용자입니다', en: 'No such user' },
    detail: {
      ko: '이 ID의 사용자가 없습니다. 이미 삭제되었을 수 있습니다.',
      en: 'There is no user with this id. They may have been deleted.',
    },
  },
});
