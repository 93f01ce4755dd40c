import { z } from 'zod';
import type { RegistrationConfig } from '../config/config.ts';
import type { PageField, PageStep } from '../pages/schema.ts';
import { acceptPassword } from '../passwords/password-rules.ts';
import type { Sentence } from '../problems.ts';
import { acceptPhone, examplePhone, isPhoneNumber } from '../rules/phone.ts';
import { type Accepted, accepted } from '../rules/result.ts';
import { acceptBirthday, todayIn } from './birthday.ts';
import { acceptName } from './name.ts';

/** What the rules of the steps depend on. */
export interface StepRules extends RegistrationConfig {
  /** Code points. */
  readonly passwordMinimumLength: number;
  readonly now: () => Date;
}

/**
 * One part of a sign-up. The routes, the OpenAPI document, the screens of the form, the funnel and `remainingSteps` follow from this table.
 * `docs/guides/adding-a-step.md` shows how to add one.
 */
export interface Step<Values extends StepValues = StepValues> {
  /** The last segment of the path, the name in `remainingSteps`, its name in the funnel, and before `_at` the column with its time. */
  readonly name: string;
  /** For the OpenAPI document. */
  readonly summary: string;
  /** The members of the body besides `session_id`: shape only; `accept` checks the values. */
  readonly body: z.ZodRawShape;
  /** The screen of the step: its title, and an input for each member of `body`. */
  form(rules: StepRules): StepForm;
  /** The columns of "RegisterSession" and "User" that this step fills. */
  readonly columns: readonly string[];
  /** The column whose value is a password: it is hashed before it is stored. */
  readonly hashedColumn?: string;
  /**
   * Judges a body of the shape `body`, normalises it, and gives each refusal its own rule.
   * @returns the value of each column, or what is wrong with which field.
   */
  accept(body: StepBody, rules: StepRules): Accepted<Values>;
}

/** What the sign-up page shows for a step, in both languages. */
interface StepForm<Member extends string = string> {
  readonly title: Sentence;
  readonly fields: readonly (PageField & { readonly name: Member })[];
}

/** A body that has passed the route's schema, without `session_id`. */
export type StepBody = Readonly<Record<string, unknown>>;

/** What a step brings. A step may add what only its own use case needs, such as the phone number in E.164. */
export interface StepValues<Column extends string = string> {
  readonly columns: Readonly<Record<Column, string>>;
}

/** Checks a step's own types: `accept` gets a body of its shape and must give a value for each of its columns; `form` asks for its members. */
function step<Shape extends z.ZodRawShape, Column extends string, Values extends StepValues<Column>>(
  definition: Omit<Step, 'accept' | 'body' | 'form' | 'columns' | 'hashedColumn'> & {
    readonly body: Shape;
    form(rules: StepRules): StepForm<keyof Shape & string>;
    readonly columns: readonly Column[];
    readonly hashedColumn?: NoInfer<Column>;
    accept(body: z.infer<z.ZodObject<Shape>>, rules: StepRules): Accepted<Values>;
  },
): Step<Values> {
  return definition;
}

const nameStep = step({
  name: 'name',
  summary: 'Store name and password',
  body: {
    name: z.string().meta({
      description: '1 to 100 code points after trimming; normalised to NFC; no control characters and no bidirectional overrides.',
      minLength: 1,
      maxLength: 100,
      examples: ['홍길동'],
    }),
    password: z.string().meta({
      description:
        'At least 8 visible characters (the operator may ask for more) and at most 72 bytes in UTF-8; normalised to NFC, not trimmed. Refused: very common passwords, the name, a phone number, a date, and lookalikes of these. Stored as a bcrypt hash.',
      format: 'password',
      examples: ['securePass123!'],
    }),
  },
  form: ({ passwordMinimumLength: minimum }) => ({
    title: { ko: '이름과 비밀번호를 정해 주세요', en: 'Your name and a password' },
    fields: [
      { name: 'name', type: 'text', autocomplete: 'name', label: { ko: '이름', en: 'Name' } },
      {
        name: 'password',
        type: 'password',
        autocomplete: 'new-password',
        label: { ko: '비밀번호', en: 'Password' },
        hint: { ko: `${minimum}자 이상. 숫자나 기호는 넣지 않아도 돼요`, en: `At least ${minimum} characters, of any kind` },
        minimum,
      },
    ],
  }),
  columns: ['name', 'password'],
  hashedColumn: 'password',
  accept(body, rules) {
    const name = acceptName(body.name);
    const password = acceptPassword(body.password, {
      minimumLength: rules.passwordMinimumLength,
      name: name.ok ? name.value : body.name,
      isPhoneNumber: (text) => isPhoneNumber(text, rules.phoneRegion),
    });
    if (name.ok && password.ok) return accepted({ columns: { name: name.value, password: password.value } });
    return { ok: false, errors: [...(name.ok ? [] : name.errors), ...(password.ok ? [] : password.errors)] };
  },
});

const birthdayStep = step({
  name: 'birthday',
  summary: 'Store the birthday',
  body: {
    birthday: z.string().meta({
      description: 'A real calendar date (ISO 8601, `YYYY-MM-DD`) from 1900-01-01 to today.',
      format: 'date',
      examples: ['1990-01-01'],
    }),
  },
  form: ({ minimumAge }) => ({
    title: { ko: '생년월일을 알려 주세요', en: 'When were you born?' },
    fields: [
      {
        name: 'birthday',
        type: 'text',
        inputmode: 'numeric',
        autocomplete: 'bday',
        label: { ko: '생년월일', en: 'Birthday' },
        hint: {
          ko: `8자리 숫자, 예: 19900427${minimumAge === undefined ? '' : `. 만 ${minimumAge}세부터 가입할 수 있어요`}`,
          en: `Eight digits, like 19900427${minimumAge === undefined ? '' : `. You need to be ${minimumAge} or older`}`,
        },
        example: '19900427',
      },
    ],
  }),
  columns: ['birthday'],
  accept(body, rules) {
    const birthday = acceptBirthday(body.birthday, { today: todayIn(rules.timeZone, rules.now()), minimumAge: rules.minimumAge });
    return birthday.ok ? accepted({ columns: { birthday: birthday.value } }) : birthday;
  },
});

const phoneStep = step({
  name: 'phone',
  summary: 'Store the phone number and complete the sign-up',
  body: {
    phone: z.string().meta({
      description:
        'A mobile number of the operator’s region (by default Korea), with or without hyphens or country code. Stored as typed, trimmed.',
      minLength: 1,
      maxLength: 32,
      examples: ['010-1234-5678'],
    }),
  },
  form({ phoneRegion }) {
    const example = examplePhone(phoneRegion);
    return {
      title: { ko: '휴대폰 번호를 입력해 주세요', en: 'Your mobile number' },
      fields: [
        {
          name: 'phone',
          type: 'tel',
          autocomplete: 'tel',
          label: { ko: '휴대폰 번호', en: 'Mobile number' },
          hint: { ko: `예: ${example}. 인증 문자는 보내지 않아요`, en: `Like ${example}. We won't send a code` },
          example,
        },
      ],
    };
  },
  columns: ['phone'],
  accept(body, rules) {
    const phone = acceptPhone(body.phone, { region: rules.phoneRegion });
    return phone.ok ? accepted({ columns: { phone: phone.value.typed }, e164: phone.value.e164 }) : phone;
  },
});

/** In the order of the form. Clients may send all but the last in any order. */
export const stepsBeforeLast: readonly Step[] = [nameStep, birthdayStep];
/** The step that makes the user. A repeated request is recognised by its phone number. */
export const completingStep = phoneStep;
export interface CompletingValues extends StepValues<'phone'> {
  /** The phone number, `+` and at most 15 digits (E.164). */
  readonly e164: string;
}
export const steps: readonly Step[] = [...stepsBeforeLast, completingStep];

/** @returns the names of the remaining steps, in order. */
export function remainingSteps(completed: readonly string[]): string[] {
  return steps.map((one) => one.name).filter((name) => !completed.includes(name));
}

/** @returns the screens of the form, in order. */
export function describeSteps(rules: StepRules): PageStep[] {
  return steps.map((one) => ({ name: one.name, path: `/auth/register/${one.name}`, ...one.form(rules) }));
}
