import type { PageSettings as Settings } from '../../src/pages/schema.ts';

/** What the mocked server answers to a request: a status, a body, and headers. */
export interface MockAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `never`: no answer comes; `offline`: the request fails at once. */
  readonly fails?: 'never' | 'offline';
}

/** What a person does, one after the other. */
export type Act =
  | { readonly fill: string; readonly with: string; readonly visible?: boolean }
  /** Presses the form's button, or the one with this word of the table. */
  | { readonly press: 'submit' | 'otherCode' | 'start' };

/** One screen, and how a person gets there. The gallery (`npm run dev:web`), the pictures and the accessibility tests show the same. */
export interface Scene {
  readonly title: string;
  /** The fragment of the address. */
  readonly code?: string;
  /** An unfinished sign-up that this device has stored, of this code; these steps remain. */
  readonly stored?: { readonly code: string; readonly remaining: readonly string[]; readonly sameTab?: boolean; readonly bound?: boolean };
  /** Seconds from now until the sign-up expires; an hour. */
  readonly expiresIn?: number;
  /** Answers by method and the last part of the path; the rest succeeds. */
  readonly answers?: Readonly<Record<string, MockAnswer>>;
  readonly acts?: readonly Act[];
  readonly settings?: Partial<Settings>;
  /** In a browser whose `navigator.onLine` is false. */
  readonly offline?: boolean;
  /** What the scene ends with, as a selector, where that is not an error, a refusal or a reason to wait. */
  readonly until?: string;
  /** A step of the main path, whose picture is kept in `docs/pictures/`. */
  readonly isMain?: boolean;
}

const sampleCode = 'SPRING-7KQ9X-M4TP2-RV3H5';
/** The moment at which pictures are taken: 14:02 in Seoul. */
export const sceneMoment = Date.parse('2026-06-01T05:02:00Z');

/** The steps as the server describes them. */
export const sampleSteps: Settings['steps'] = [
  {
    name: 'name',
    path: '/auth/register/name',
    title: { ko: '이름과 비밀번호', en: 'Name and password' },
    fields: [
      { name: 'name', type: 'text', autocomplete: 'name', label: { ko: '이름', en: 'Name' } },
      { name: 'password', type: 'password', autocomplete: 'new-password', minimum: 8, label: { ko: '비밀번호', en: 'Password' } },
    ],
  },
  {
    name: 'birthday',
    path: '/auth/register/birthday',
    title: { ko: '생년월일', en: 'Birthday' },
    fields: [{ name: 'birthday', type: 'text', autocomplete: 'bday', inputmode: 'numeric', label: { ko: '생년월일', en: 'Birthday' } }],
  },
  {
    name: 'phone',
    path: '/auth/register/phone',
    title: { ko: '휴대폰 번호', en: 'Mobile number' },
    fields: [
      { name: 'phone', type: 'tel', autocomplete: 'tel', example: '010-1234-5678', label: { ko: '휴대폰 번호', en: 'Mobile number' } },
    ],
  },
];

const refuse = (status: number, code: string, more: object = {}): MockAnswer => ({
  status,
  body: { code, status, title: code, detail: code, ...more },
});
const fault = (...errors: readonly (readonly [field: string, code: string])[]) =>
  refuse(422, 'validation_failed', { errors: errors.map(([field, code]) => ({ field, code, message: code })) });
const moment = (secondsFromNow: number) => new Date(sceneMoment + secondsFromNow * 1000).toISOString();
const at = (...remaining: readonly string[]) => ({ stored: { code: sampleCode, remaining, sameTab: true }, code: sampleCode });
const verified = (answer: MockAnswer): Pick<Scene, 'code' | 'answers' | 'acts'> => ({
  code: sampleCode,
  answers: { 'POST verify': answer },
  acts: [{ press: 'start' }],
});

const person = { fill: 'name', with: '김하늘' } as const;
const submit = { press: 'submit' } as const;
const born = { fill: 'birthday', with: '19900427' } as const;
const phone = { fill: 'phone', with: '01027345180' } as const;
const short = { fill: 'password', with: 'abcde' } as const;

export const scenes = {
  link: { title: '1 code from a link', code: sampleCode, isMain: true },
  code: { title: '1 code typed', acts: [{ fill: 'code', with: 'SPRING-7KQ9X-' }], isMain: true },
  'code-error': {
    title: '1 one character wrong',
    acts: [{ fill: 'code', with: 'SPRING-7KQ9X-M4TP2-RV3H6' }, submit],
    answers: { 'POST verify': refuse(404, 'invitation_mistyped') },
  },
  'code-unknown': {
    title: '1 code not found',
    acts: [{ fill: 'code', with: 'WINTER' }, submit],
    answers: { 'POST verify': refuse(404, 'invitation_not_found') },
  },
  'code-empty': { title: '1 no code', acts: [submit], answers: { 'POST verify': fault(['invitation_code', 'code_empty']) } },
  resume: {
    title: 'a sign-up to resume',
    code: sampleCode,
    stored: { code: sampleCode, remaining: ['birthday', 'phone'] },
    expiresIn: 1800,
  },
  other: { title: 'another invitation is under way', code: 'OTHER-CODE', stored: { code: sampleCode, remaining: ['phone'] } },
  name: { title: '2 name and password', ...at('name', 'birthday', 'phone'), isMain: true },
  'name-short': { title: '2 more characters needed', ...at('name', 'birthday', 'phone'), acts: [person, short] },
  'name-long': {
    title: '2 a long password, shown',
    ...at('name', 'birthday', 'phone'),
    acts: [person, { fill: 'password', with: '가을밤 기차 소리 들린다', visible: true }],
  },
  'name-bytes': {
    title: '2 near 72 bytes',
    ...at('name', 'birthday', 'phone'),
    acts: [person, { fill: 'password', with: '가을밤 기차 소리 들리면 창문을 연다 그래서', visible: true }],
  },
  'name-errors': {
    title: '2 two errors',
    ...at('name', 'birthday', 'phone'),
    acts: [short, submit],
    answers: { 'PUT name': fault(['name', 'name_empty'], ['password', 'password_too_short']) },
  },
  'name-error': {
    title: '2 a common password',
    ...at('name', 'birthday', 'phone'),
    acts: [person, { fill: 'password', with: 'password1' }, submit],
    answers: { 'PUT name': fault(['password', 'password_too_common']) },
  },
  birthday: { title: '3 birthday', ...at('birthday', 'phone'), acts: [born], isMain: true },
  'birthday-age': { title: '3 with a minimum age', ...at('birthday', 'phone'), acts: [born], settings: { minimumAge: 14 } },
  'birthday-error': {
    title: '3 no such day',
    ...at('birthday', 'phone'),
    acts: [{ fill: 'birthday', with: '19900231' }, submit],
    answers: { 'PUT birthday': fault(['birthday', 'birthday_not_a_date']) },
  },
  'too-young': {
    title: '3 below the minimum age',
    ...at('birthday', 'phone'),
    settings: { minimumAge: 14 },
    acts: [{ fill: 'birthday', with: '20200427' }, submit],
    answers: { 'PUT birthday': fault(['birthday', 'birthday_below_minimum_age']) },
  },
  phone: { title: '4 phone', ...at('phone'), acts: [phone], isMain: true },
  'phone-bound': {
    title: '4 only the invited number',
    code: sampleCode,
    stored: { code: sampleCode, remaining: ['phone'], sameTab: true, bound: true },
  },
  'phone-other': {
    title: '4 another number',
    code: sampleCode,
    stored: { code: sampleCode, remaining: ['phone'], sameTab: true, bound: true },
    acts: [{ fill: 'phone', with: '010-9999-1234' }, submit],
    answers: { 'PUT phone': refuse(403, 'invitation_phone_mismatch') },
  },
  'phone-taken': { title: '4 number taken', ...at('phone'), acts: [phone, submit], answers: { 'PUT phone': refuse(409, 'phone_taken') } },
  'phone-sending': { title: '4 sending', ...at('phone'), acts: [phone, submit], answers: { 'PUT phone': { fails: 'never' } } },
  done: {
    title: '5 done',
    ...at('name'),
    acts: [person, { fill: 'password', with: 'a long password' }, submit],
    answers: { 'PUT name': { body: { ok: true, userId: 1 } } },
    isMain: true,
  },
  'done-plain': { title: '5 done, nowhere to go', ...at('phone'), acts: [phone, submit], settings: { appUrl: null } },
  used: { title: 'used', ...verified(refuse(410, 'invitation_used')) },
  'used-late': {
    title: 'used by another meanwhile',
    ...at('phone'),
    acts: [phone, submit],
    answers: { 'PUT phone': refuse(410, 'invitation_used') },
  },
  expired: { title: 'expired', ...verified(refuse(410, 'invitation_expired')) },
  revoked: { title: 'withdrawn', ...verified(refuse(410, 'invitation_revoked')) },
  full: { title: 'full', ...verified(refuse(409, 'invitation_full', { freeAt: moment(461) })) },
  'not-started': { title: 'not started', ...verified(refuse(403, 'invitation_not_started', { startsAt: moment(4350) })) },
  timeout: { title: 'session expired', ...at('phone'), acts: [phone, submit], answers: { 'PUT phone': refuse(404, 'session_not_found') } },
  'signed-up': {
    title: 'completed before',
    ...at('phone'),
    acts: [phone, submit],
    answers: { 'PUT phone': refuse(404, 'already_signed_up') },
  },
  completed: {
    title: 'completed with another number',
    ...at('phone'),
    acts: [phone, submit],
    answers: { 'PUT phone': refuse(409, 'session_completed') },
  },
  incomplete: {
    title: 'a step is missing',
    ...at('phone'),
    acts: [phone, submit],
    answers: { 'PUT phone': refuse(409, 'steps_incomplete', { missing: ['birthday'] }) },
    until: '#birthday-field',
  },
  'rate-limited': {
    title: 'rate limited',
    acts: [{ fill: 'code', with: sampleCode }, submit],
    answers: { 'POST verify': { ...refuse(429, 'rate_limited'), headers: { 'retry-after': '12' } } },
  },
  overloaded: {
    title: 'overloaded',
    ...at('name', 'birthday', 'phone'),
    acts: [person, short, submit],
    answers: { 'PUT name': { ...refuse(503, 'overloaded'), headers: { 'retry-after': '3' } } },
  },
  server: {
    title: 'database away',
    ...at('birthday', 'phone'),
    acts: [born, submit],
    answers: { 'PUT birthday': { ...refuse(503, 'database_unavailable'), headers: { 'retry-after': '5' } } },
  },
  offline: { title: 'offline', ...at('birthday', 'phone'), acts: [born, submit], offline: true },
  lost: { title: 'last answer lost', ...at('phone'), acts: [phone, submit], answers: { 'PUT phone': { fails: 'offline' } } },
  'no-answer': { title: 'no answer to the code', ...verified({ fails: 'offline' }) },
  wrong: {
    title: 'something went wrong',
    ...at('birthday', 'phone'),
    acts: [born, submit],
    answers: { 'PUT birthday': { ...refuse(500, 'internal_error'), headers: { 'x-request-id': '7f3a91c2-4e' } } },
  },
  https: { title: 'https required', ...verified(refuse(403, 'https_required')) },
  preview: { title: 'preview', code: sampleCode, settings: { preview: true } },
  expiring: { title: 'expiry warning', ...at('birthday', 'phone'), acts: [born], expiresIn: 108, until: 'dialog' },
  'no-brand': { title: 'without a brand', code: sampleCode, settings: { brand: { name: null, logo: null, color: null } } },
  'added-step': {
    title: 'a step that was added',
    ...at('email', 'phone'),
    settings: {
      steps: [
        ...sampleSteps.slice(0, 2),
        {
          name: 'email',
          path: '/auth/register/email',
          title: { ko: '이메일 주소', en: 'E-mail address' },
          fields: [
            {
              name: 'email',
              type: 'email',
              autocomplete: 'email',
              label: { ko: '이메일 주소', en: 'E-mail address' },
              example: 'hong@example.com',
            },
          ],
        },
        ...sampleSteps.slice(2),
      ],
    },
  },
} as const satisfies Record<string, Scene>;
