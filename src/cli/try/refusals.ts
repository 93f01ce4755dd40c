import { randomBytes } from 'node:crypto';
import type { Sentence } from '../../errors.ts';
import { type Check, lacks, refusal } from './checks.ts';
import { inventPerson } from './person.ts';
import {
  getDocument,
  getSession,
  paths,
  putBirthday,
  putName,
  putPhone,
  verifyCode,
  verifyWithBody,
  type WireRequest,
} from './requests.ts';

/** Error cases that need neither a code nor a session, and change nothing. */
export function refusalChecks(): Check[] {
  return [
    refuse('invitation_not_found', { ko: '없는 초대 코드', en: 'unknown code' }, verifyCode(inventCode()), 404),
    refuse('malformed_json', { ko: 'JSON이 아닌 본문', en: 'malformed JSON' }, verifyWithBody('{"invitation_code": '), 400),
    invalid('wrong_type', { ko: '값의 형식이 틀림', en: 'value of the wrong type' }, verifyCode(12345)),
    invalid('missing_field', { ko: '값이 빠짐', en: 'missing value' }, verifyWithBody('{}')),
    ...unknownSession(),
    refuse(
      'unsupported_media_type',
      { ko: '다른 형식의 본문', en: 'body of another media type' },
      verifyWithBody('invitation_code=TEST001', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
    ),
    wrongMethod(),
  ];
}

function refuse(code: string, title: Sentence, request: WireRequest, status: number): Check {
  return refusal({ name: code, title, request }, { status, code });
}

function invalid(name: string, title: Sentence, request: WireRequest): Check {
  return refusal(
    { name, title, request },
    {
      status: 422,
      code: 'validation_failed',
      judge: ({ body }) => (namesTheField(body?.errors) ? undefined : lacks('errors: [{field, code, message}]')),
    },
  );
}

function namesTheField(errors: unknown): boolean {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null) return false;
  const { field, code, message } = first as Record<string, unknown>;
  return field === 'invitation_code' && typeof code === 'string' && typeof message === 'string';
}

function unknownSession(): Check[] {
  const sessionId = randomBytes(16).toString('hex');
  const person = inventPerson();
  const requests: [string, Sentence, WireRequest][] = [
    ['session_unknown_name', { ko: '없는 세션에 이름 저장', en: 'name for an unknown session' }, putName(sessionId, person)],
    [
      'session_unknown_birthday',
      { ko: '없는 세션에 생년월일 저장', en: 'birthday for an unknown session' },
      putBirthday(sessionId, person),
    ],
    ['session_unknown_phone', { ko: '없는 세션에 휴대폰 저장', en: 'phone for an unknown session' }, putPhone(sessionId, person.phone)],
    ['session_unknown', { ko: '없는 세션의 상태', en: 'state of an unknown session' }, getSession(sessionId)],
  ];
  return requests.map(([name, title, request]) => refusal({ name, title, request }, { status: 404, code: 'session_not_found' }));
}

function wrongMethod(): Check {
  return refusal(
    { name: 'wrong_method', title: { ko: '틀린 메서드', en: 'wrong method' }, request: getDocument(paths.verify) },
    { status: 405, judge: ({ headers }) => (/\bPOST\b/.test(headers.allow ?? '') ? undefined : lacks('Allow: POST')) },
  );
}

/** In groups of four: nothing that a server could take for a generated code with a wrong check character. */
function inventCode(): string {
  return ['NONE', ...(randomBytes(8).toString('hex').toUpperCase().match(/.{4}/g) ?? [])].join('-');
}
