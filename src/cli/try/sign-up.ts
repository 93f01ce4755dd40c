import { type Check, refusal, success } from './checks.ts';
import type { Answer } from './client.ts';
import { inventPhone, type Person } from './person.ts';
import { putBirthday, putName, putPhone, verifyCode } from './requests.ts';

const isOk = success('ok', (body) => body.ok === true);

export function nameStep(sessionId: string, person: Person): Check {
  const title = { ko: '이름과 비밀번호 저장', en: 'name and password stored' };
  return { name: 'name', title, request: putName(sessionId, person), judge: isOk };
}

export function birthdayStep(sessionId: string, person: Person): Check {
  const title = { ko: '생년월일 저장', en: 'birthday stored' };
  return { name: 'birthday', title, request: putBirthday(sessionId, person), judge: isOk };
}

/** The three steps of a session that was just opened; the last one makes the user. */
export function signUpSteps(sessionId: string, person: Person): Check[] {
  return [nameStep(sessionId, person), birthdayStep(sessionId, person), lastStep(sessionId, person)];
}

function lastStep(sessionId: string, person: Person): Check {
  return {
    name: 'phone',
    title: { ko: '휴대폰 저장, 가입 완료', en: 'phone stored, sign-up completed' },
    request: putPhone(sessionId, person.phone),
    judge: success('ok, userId', (body) => body.ok === true && Number.isSafeInteger(body.userId)),
    note: (answer) => ({ sentence: { ko: '사용자 번호 {user}', en: 'user id {user}' }, values: { user: userIdOf(answer) ?? '?' } }),
  };
}

/** @returns the new user's id in the answer to the last step. */
export function userIdOf(answer: Answer | undefined): number | undefined {
  const userId = answer?.body?.userId;
  return typeof userId === 'number' ? userId : undefined;
}

/** What a completed session still answers. */
export function repetitions(sessionId: string, person: Person, userId: number | undefined): Check[] {
  return [
    {
      name: 'phone_repeated',
      title: { ko: '같은 번호로 마지막 단계 반복: 같은 답', en: 'last step repeated with the same phone: the same answer' },
      request: putPhone(sessionId, person.phone),
      judge: success('ok, userId', (body) => body.ok === true && body.userId === userId),
    },
    refusal(
      {
        name: 'session_completed',
        title: { ko: '다른 번호로 마지막 단계 반복', en: 'last step repeated with another phone' },
        request: putPhone(sessionId, otherPhone(person.phone)),
      },
      { status: 409, code: 'session_completed' },
    ),
  ];
}

function otherPhone(phone: string): string {
  const other = inventPhone();
  return other === phone ? otherPhone(phone) : other;
}

/** The code of a completed sign-up, shown again. */
export function usedCode(code: string): Check {
  return refusal(
    { name: 'invitation_used', title: { ko: '이미 쓴 초대 코드', en: 'used code' }, request: verifyCode(code) },
    { status: 410, code: 'invitation_used' },
  );
}
