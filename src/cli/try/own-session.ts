import type { Sentence } from '../../errors.ts';
import { type Check, lacks, refusal, success } from './checks.ts';
import type { Person } from './person.ts';
import { deleteSession, getSession, putBirthday, putPhone } from './requests.ts';
import { birthdayStep, nameStep } from './sign-up.ts';

/** Each endpoint on its own, on a session that is not completed but abandoned at the end. */
export function ownSessionChecks(sessionId: string, person: Person): Check[] {
  return [
    sessionState('session_new', { ko: '새 세션의 상태', en: 'state of a new session' }, sessionId, [], ['name', 'birthday', 'phone']),
    rename(birthdayStep(sessionId, person), 'birthday_first', { ko: '생년월일부터 저장: 순서는 자유', en: 'birthday first: any order' }),
    tooEarly(sessionId, person),
    rename(nameStep(sessionId, person), 'name_second', { ko: '그다음에 이름과 비밀번호 저장', en: 'name and password after it' }),
    rename(nameStep(sessionId, person), 'name_repeated', { ko: '이름과 비밀번호 반복 저장', en: 'name and password once more' }),
    sessionState(
      'session_kept',
      { ko: '거절 뒤에도 남아 있는 단계', en: 'steps kept, the refusal notwithstanding' },
      sessionId,
      ['name', 'birthday'],
      [],
    ),
    {
      name: 'session_abandon',
      title: { ko: '가입 그만두기', en: 'sign-up abandoned' },
      request: deleteSession(sessionId),
      judge: success('ok', (body) => body.ok === true),
    },
    refusal(
      {
        name: 'session_gone',
        title: { ko: '그만둔 가입에 저장', en: 'step of an abandoned sign-up' },
        request: putBirthday(sessionId, person),
      },
      { status: 404, code: 'session_not_found' },
    ),
  ];
}

function rename(check: Check, name: string, title: Sentence): Check {
  return { ...check, name, title };
}

function tooEarly(sessionId: string, person: Person): Check {
  return refusal(
    {
      name: 'steps_incomplete',
      title: { ko: '마지막 단계가 너무 이름', en: 'last step too early' },
      request: putPhone(sessionId, person.phone),
    },
    {
      status: 409,
      code: 'steps_incomplete',
      judge: ({ body }) =>
        includesAll(body?.missing, ['name']) && !includesAll(body?.missing, ['birthday']) ? undefined : lacks('missing'),
    },
  );
}

function sessionState(name: string, title: Sentence, sessionId: string, completed: readonly string[], remaining: readonly string[]): Check {
  return {
    name,
    title,
    request: getSession(sessionId),
    judge: success('expiresAt, completedSteps, remainingSteps', ({ expiresAt, completedSteps, remainingSteps }) => {
      const isMoment = typeof expiresAt === 'string' && !Number.isNaN(Date.parse(expiresAt));
      return isMoment && includesAll(completedSteps, completed) && includesAll(remainingSteps, remaining);
    }),
  };
}

/** A server may have further steps, so more than the wanted ones is fine. */
function includesAll(list: unknown, wanted: readonly string[]): boolean {
  return Array.isArray(list) && wanted.every((step) => list.includes(step));
}
