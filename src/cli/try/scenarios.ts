import { randomBytes } from 'node:crypto';
import type { Sentence } from '../../problems.ts';
import type { ApiRequest } from '../api-client.ts';
import type { Message } from '../messages.ts';
import { inventPerson, inventPhone, type Person } from './person.ts';

/** One request and the answer that is expected. */
export interface Scenario {
  /** Never changes: programs read it. */
  readonly name: string;
  readonly title: Sentence;
  readonly request: TryRequest;
  readonly expect: Expectation;
  /** What is printed behind the title if the answer is good. */
  readonly note?: (answer: Answer) => Message;
}

export interface TryRequest extends ApiRequest {
  /** The session that this request belongs to. */
  readonly sessionId?: string;
  /** Redirects within the server are followed: a page for people may use them. */
  readonly followRedirects?: true;
}

/** From 400 on a problem document (RFC 9457) is expected. */
interface Expectation {
  readonly status: number;
  /** Of the problem; default: any. */
  readonly code?: string;
  /** Default: `application/problem+json` for problems, `application/json` if members are expected, else any. */
  readonly mediaType?: string;
  /** What `holds` looks at, in words for the reader. */
  readonly members?: string;
  readonly holds?: (answer: Answer & { readonly body: Body }) => boolean;
}

export type Body = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Without parameters, lower case; empty if the server sent none. */
  readonly mediaType: string;
  /** The members of a JSON object; undefined if the body is anything else. */
  readonly body: Body | undefined;
}

export const paths = {
  verify: '/auth/invitation/verify',
  name: '/auth/register/name',
  birthday: '/auth/register/birthday',
  phone: '/auth/register/phone',
  session: '/auth/register/session',
} as const;

/** Opens a session. */
export function goodCode(code: string, name = 'invitation_verify'): Scenario {
  return {
    name,
    title: { ko: '초대 코드 확인', en: 'invitation code accepted' },
    request: verify({ invitation_code: code }),
    expect: {
      status: 200,
      members: 'valid, sessionId (32 hex)',
      holds: (answer) => answer.body.valid === true && sessionIdOf(answer) !== undefined,
    },
    note: (answer) => ({
      sentence: { ko: '세션 {session}', en: 'session {session}' },
      values: { session: `${sessionIdOf(answer)?.slice(0, 7)}…` },
    }),
  };
}

/** The three steps of a new session; the last one makes the user. */
export function signUp(sessionId: string, person: Person): Scenario[] {
  return [
    {
      name: 'name',
      title: { ko: '이름과 비밀번호 저장', en: 'name and password stored' },
      request: putName(sessionId, person),
      expect: ok,
    },
    { name: 'birthday', title: { ko: '생년월일 저장', en: 'birthday stored' }, request: putBirthday(sessionId, person), expect: ok },
    {
      name: 'phone',
      title: { ko: '휴대폰 저장, 가입 완료', en: 'phone stored, sign-up completed' },
      request: putPhone(sessionId, person.phone),
      expect: { status: 200, members: 'ok, userId', holds: ({ body }) => body.ok === true && Number.isSafeInteger(body.userId) },
      note: ({ body }) => ({
        sentence: { ko: '사용자 번호 {user}', en: 'user id {user}' },
        values: { user: Number(body?.userId) },
      }),
    },
  ];
}

/** What a completed session still answers. */
export function completedSession(sessionId: string, person: Person, userId: unknown): Scenario[] {
  return [
    {
      name: 'phone_repeated',
      title: { ko: '같은 번호로 마지막 단계 반복: 같은 답', en: 'last step repeated with the same phone: the same answer' },
      request: putPhone(sessionId, person.phone),
      expect: { status: 200, members: 'ok, userId', holds: ({ body }) => body.ok === true && body.userId === userId },
    },
    {
      name: 'session_completed',
      title: { ko: '다른 번호로 마지막 단계 반복', en: 'last step repeated with another phone' },
      request: putPhone(sessionId, otherPhone(person.phone)),
      expect: { status: 409, code: 'session_completed' },
    },
  ];
}

/** The code of a completed sign-up, entered again. */
export function usedCode(code: string): Scenario {
  return {
    name: 'invitation_used',
    title: { ko: '이미 쓴 초대 코드', en: 'used code' },
    request: verify({ invitation_code: code }),
    expect: { status: 410, code: 'invitation_used' },
  };
}

/** Each endpoint on its own, on a session that is abandoned at the end. */
export function abandonedSession(sessionId: string, person: Person): Scenario[] {
  return [
    {
      name: 'session_new',
      title: { ko: '새 세션의 상태', en: 'state of a new session' },
      request: getSession(sessionId),
      expect: sessionState([], ['name', 'birthday', 'phone']),
    },
    {
      name: 'birthday_first',
      title: { ko: '생년월일부터 저장: 순서는 자유', en: 'birthday first: any order' },
      request: putBirthday(sessionId, person),
      expect: ok,
    },
    {
      name: 'steps_incomplete',
      title: { ko: '마지막 단계가 너무 이름', en: 'last step too early' },
      request: putPhone(sessionId, person.phone),
      expect: {
        status: 409,
        code: 'steps_incomplete',
        members: 'missing',
        holds: ({ body }) => includesAll(body.missing, ['name']) && !includesAll(body.missing, ['birthday']),
      },
    },
    {
      name: 'name_second',
      title: { ko: '그다음에 이름과 비밀번호 저장', en: 'name and password after it' },
      request: putName(sessionId, person),
      expect: ok,
    },
    {
      name: 'name_repeated',
      title: { ko: '이름과 비밀번호 반복 저장', en: 'name and password once more' },
      request: putName(sessionId, person),
      expect: ok,
    },
    {
      name: 'session_kept',
      title: { ko: '거절 뒤에도 남아 있는 단계', en: 'steps kept, the refusal notwithstanding' },
      request: getSession(sessionId),
      expect: sessionState(['name', 'birthday'], []),
    },
    {
      name: 'session_abandon',
      title: { ko: '가입 그만두기', en: 'sign-up abandoned' },
      request: deleteSession(sessionId),
      expect: ok,
    },
    {
      name: 'session_gone',
      title: { ko: '그만둔 가입에 저장', en: 'step of an abandoned sign-up' },
      request: putBirthday(sessionId, person),
      expect: sessionNotFound,
    },
  ];
}

/** Requests that are refused without a code or a session, and change nothing. */
export function errorCases(): Scenario[] {
  const unknown = randomBytes(16).toString('hex');
  const person = inventPerson();
  return [
    {
      name: 'invitation_not_found',
      title: { ko: '없는 초대 코드', en: 'unknown code' },
      request: verify({ invitation_code: inventCode() }),
      expect: { status: 404, code: 'invitation_not_found' },
    },
    {
      name: 'malformed_json',
      title: { ko: 'JSON이 아닌 본문', en: 'malformed JSON' },
      request: verify('{"invitation_code": '),
      expect: { status: 400, code: 'malformed_json' },
    },
    {
      name: 'wrong_type',
      title: { ko: '값의 형식이 틀림', en: 'value of the wrong type' },
      request: verify({ invitation_code: 12345 }),
      expect: invalidCode,
    },
    { name: 'missing_field', title: { ko: '값이 빠짐', en: 'missing value' }, request: verify({}), expect: invalidCode },
    {
      name: 'session_unknown_name',
      title: { ko: '없는 세션에 이름 저장', en: 'name for an unknown session' },
      request: putName(unknown, person),
      expect: sessionNotFound,
    },
    {
      name: 'session_unknown_birthday',
      title: { ko: '없는 세션에 생년월일 저장', en: 'birthday for an unknown session' },
      request: putBirthday(unknown, person),
      expect: sessionNotFound,
    },
    {
      name: 'session_unknown_phone',
      title: { ko: '없는 세션에 휴대폰 저장', en: 'phone for an unknown session' },
      request: putPhone(unknown, person.phone),
      expect: sessionNotFound,
    },
    {
      name: 'session_unknown',
      title: { ko: '없는 세션의 상태', en: 'state of an unknown session' },
      request: getSession(unknown),
      expect: sessionNotFound,
    },
    {
      name: 'unsupported_media_type',
      title: { ko: '다른 형식의 본문', en: 'body of another media type' },
      request: { ...verify('invitation_code=TEST001'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      expect: { status: 415, code: 'unsupported_media_type' },
    },
    {
      name: 'wrong_method',
      title: { ko: '틀린 메서드', en: 'wrong method' },
      request: get(paths.verify),
      expect: { status: 405, members: 'Allow: POST', holds: ({ headers }) => /\bPOST\b/.test(String(headers.allow ?? '')) },
    },
  ];
}

/** What a server answers besides the sign-up; reading it changes nothing. */
export const documents: readonly Scenario[] = [
  {
    name: 'openapi',
    title: { ko: 'OpenAPI 문서 /openapi.json', en: 'OpenAPI document /openapi.json' },
    request: get('/openapi.json'),
    expect: {
      status: 200,
      members: 'openapi 3.x, paths',
      holds: ({ body }) => String(body.openapi).startsWith('3.') && describesTheContract(body.paths),
    },
  },
  {
    name: 'docs',
    title: { ko: 'Swagger UI /docs', en: 'Swagger UI /docs' },
    request: getPage('/docs'),
    expect: { status: 200, mediaType: 'text/html' },
  },
  {
    name: 'redoc',
    title: { ko: 'ReDoc /redoc', en: 'ReDoc /redoc' },
    request: getPage('/redoc'),
    expect: { status: 200, mediaType: 'text/html' },
  },
  {
    name: 'healthz',
    title: { ko: '프로세스 상태 /healthz', en: 'process is up /healthz' },
    request: get('/healthz'),
    expect: { status: 200 },
  },
  {
    name: 'readyz',
    title: { ko: '준비 상태 /readyz', en: 'ready for sign-ups /readyz' },
    request: get('/readyz'),
    expect: { status: 200 },
  },
];

const ok: Expectation = { status: 200, members: 'ok', holds: ({ body }) => body.ok === true };
const sessionNotFound: Expectation = { status: 404, code: 'session_not_found' };
const invalidCode: Expectation = {
  status: 422,
  code: 'validation_failed',
  members: 'errors: [{field, code, message}]',
  holds: ({ body }) => namesTheCode(body.errors),
};

function sessionState(completed: readonly string[], remaining: readonly string[]): Expectation {
  return {
    status: 200,
    members: 'expiresAt, completedSteps, remainingSteps',
    holds: ({ body: { expiresAt, completedSteps, remainingSteps } }) =>
      typeof expiresAt === 'string' &&
      !Number.isNaN(Date.parse(expiresAt)) &&
      includesAll(completedSteps, completed) &&
      includesAll(remainingSteps, remaining),
  };
}

/** A server may have further steps, so more than the wanted ones is fine. */
function includesAll(list: unknown, wanted: readonly string[]): boolean {
  return Array.isArray(list) && wanted.every((step) => list.includes(step));
}

function namesTheCode(errors: unknown): boolean {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null) return false;
  const { field, code, message } = first as Body;
  return field === 'invitation_code' && typeof code === 'string' && typeof message === 'string';
}

function describesTheContract(described: unknown): boolean {
  if (typeof described !== 'object' || described === null) return false;
  return [paths.verify, paths.name, paths.birthday, paths.phone].every((path) => path in described);
}

/** @param body a text is sent as it is: for bodies that are wrong on purpose. */
export function verify(body: object | string): TryRequest {
  return { method: 'POST', path: paths.verify, body };
}

function putName(session_id: string, { name, password }: Person): TryRequest {
  return { method: 'PUT', path: paths.name, body: { session_id, name, password }, sessionId: session_id };
}

function putBirthday(session_id: string, { birthday }: Person): TryRequest {
  return { method: 'PUT', path: paths.birthday, body: { session_id, birthday }, sessionId: session_id };
}

function putPhone(session_id: string, phone: string): TryRequest {
  return { method: 'PUT', path: paths.phone, body: { session_id, phone }, sessionId: session_id };
}

function getSession(sessionId: string): TryRequest {
  return { method: 'GET', path: paths.session, headers: { authorization: `Bearer ${sessionId}` }, sessionId };
}

export function deleteSession(sessionId: string): TryRequest {
  return { ...getSession(sessionId), method: 'DELETE' };
}

export function get(path: string): TryRequest {
  return { method: 'GET', path };
}

function getPage(path: string): TryRequest {
  return { method: 'GET', path, headers: { accept: 'text/html' }, followRedirects: true };
}

/** @returns the session id of an answer to a good code; undefined if it is not what the contract says. */
export function sessionIdOf({ body }: Answer): string | undefined {
  return typeof body?.sessionId === 'string' && /^[0-9a-f]{32}$/.test(body.sessionId) ? body.sessionId : undefined;
}

function otherPhone(phone: string): string {
  const other = inventPhone();
  return other === phone ? otherPhone(phone) : other;
}

/** In groups of four: nothing that a server could take for a generated code with a wrong check character. */
function inventCode(): string {
  return ['NONE', ...(randomBytes(8).toString('hex').toUpperCase().match(/.{4}/g) ?? [])].join('-');
}

const sentences = {
  kind: { ko: '{kind}', en: '{kind}' },
  expected: { ko: '예상 응답: {expected}, 실제 응답: {actual}', en: 'expected {expected}, got {actual}' },
  members: { ko: '응답에 없거나 다른 항목: {members}', en: 'missing or wrong in the response: {members}' },
} satisfies Record<string, Sentence>;

/** @returns what is wrong with an answer; undefined if it is as expected. */
export function findMistake({ status, code, mediaType, members, holds }: Expectation, answer: Answer): Message | undefined {
  if (answer.status !== status || (code !== undefined && answer.body?.code !== code))
    return differs(kindName(status, code), kindName(answer.status, safeCode(answer)));
  const isProblem = status >= 400;
  const wanted = mediaType ?? (isProblem ? 'application/problem+json' : holds ? 'application/json' : undefined);
  if (wanted !== undefined && answer.mediaType !== wanted)
    return differs(wanted, /^[\w.+/-]{1,60}$/.test(answer.mediaType) ? answer.mediaType : '?');
  if (isProblem && !isProblemDocument(answer)) return lacks('type, title, status, detail, code');
  const { body } = answer;
  return holds && !(body && holds({ ...answer, body })) ? lacks(members ?? '') : undefined;
}

/** @returns what is printed behind the title of a good answer. */
export function noteOf({ expect, note }: Scenario, answer: Answer): Message | undefined {
  if (note) return note(answer);
  if (expect.status < 400) return undefined;
  return { sentence: sentences.kind, values: { kind: kindName(answer.status, safeCode(answer)) } };
}

function differs(expected: string, actual: string): Message {
  return { sentence: sentences.expected, values: { expected, actual } };
}

function lacks(members: string): Message {
  return { sentence: sentences.members, values: { members } };
}

/** `detail` is a text on purpose: clients of the original read it. */
function isProblemDocument({ body, status }: Answer): boolean {
  const texts = [body?.type, body?.title, body?.detail, body?.code];
  return body?.status === status && texts.every((text) => typeof text === 'string' && text !== '');
}

function kindName(status: number, code: string | undefined): string {
  return code ? `${status} ${code}` : String(status);
}

/** Other texts of a strange server are never printed: they may have control characters, or what was sent. */
function safeCode({ body }: Answer): string | undefined {
  return typeof body?.code === 'string' && /^[a-z_]{1,40}$/.test(body.code) ? body.code : undefined;
}
