import type { FastifySchemaValidationError } from 'fastify';
import { type FieldError, type FieldRule, fieldRules, type SentenceValues } from '../problems.ts';

/**
 * We do not use Zod's own messages: the Korean ones are hard to read, its compiler cannot choose the language per request, and
 * some of them repeat client input. Ours use only the schema: its limits and its choices.
 */
export const schemaRules = fieldRules({
  required: { ko: '필수 항목입니다.', en: 'This field is required.' },
  not_an_object: { ko: '요청 본문은 JSON 객체여야 합니다.', en: 'The body must be a JSON object.' },
  wrong_type: { ko: '값의 타입이 올바르지 않습니다.', en: 'This value is of the wrong type.' },
  too_short: { ko: '{minimum}자 이상 입력하세요.', en: 'Enter at least {minimum} characters.' },
  too_long: { ko: '{maximum}자 이하로 입력하세요.', en: 'Enter at most {maximum} characters.' },
  too_few: { ko: '{minimum}개 이상이어야 합니다.', en: 'Give at least {minimum} items.' },
  too_many: { ko: '{maximum}개 이하여야 합니다.', en: 'Give at most {maximum} items.' },
  out_of_range: { ko: '허용된 범위를 벗어났습니다.', en: 'This value is out of range.' },
  not_multiple_of: { ko: '{divisor}의 배수여야 합니다.', en: 'This must be a multiple of {divisor}.' },
  invalid_format: { ko: '형식이 올바르지 않습니다.', en: 'The format is invalid.' },
  invalid_value: { ko: '허용되지 않는 값입니다.', en: 'This value is not allowed.' },
  unknown_field: {
    ko: '알 수 없는 항목입니다. 이 요청에는 쓸 수 없습니다.',
    en: 'This field is unknown: the request takes none of this name.',
  },
});

/** Messages of `unknown_field` that name what there is. */
export const unknownField = {
  near: withMessage(schemaRules.unknown_field, {
    ko: '알 수 없는 항목입니다. {near}을(를) 쓰려고 했나요?',
    en: 'This field is unknown. Did you mean {near}?',
  }),
  among: withMessage(schemaRules.unknown_field, {
    ko: '알 수 없는 항목입니다. 쓸 수 있는 항목: {known}.',
    en: 'This field is unknown. Known are: {known}.',
  }),
};

/** Messages of `wrong_type` by expected type. */
const typeNames: Readonly<Record<string, FieldRule['message']>> = {
  string: { ko: '문자열이어야 합니다.', en: 'This must be a string.' },
  number: { ko: '숫자여야 합니다.', en: 'This must be a number.' },
  int: { ko: '정수여야 합니다.', en: 'This must be a whole number.' },
  boolean: { ko: 'true 또는 false여야 합니다.', en: 'This must be true or false.' },
  array: { ko: '목록이어야 합니다.', en: 'This must be a list.' },
  object: { ko: '객체여야 합니다.', en: 'This must be an object.' },
  null: { ko: 'null이어야 합니다.', en: 'This must be null.' },
};

/** Messages of `invalid_format` for formats that a reader can act on. */
const formatNames: Readonly<Record<string, FieldRule['message']>> = {
  date: { ko: '1990-01-31 같은 날짜여야 합니다.', en: 'This must be a date such as 1990-01-31.' },
  datetime: { ko: '2030-01-31T09:00:00Z 같은 시각이어야 합니다.', en: 'This must be a time such as 2030-01-31T09:00:00Z.' },
  email: { ko: '이메일 주소여야 합니다.', en: 'This must be an e-mail address.' },
  url: { ko: 'URL이어야 합니다.', en: 'This must be a URL.' },
  uuid: { ko: 'UUID여야 합니다.', en: 'This must be a UUID.' },
};

/** The parts of a Zod issue that we use; all of them come from the schema. */
interface IssueFacts {
  readonly expected?: string;
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly divisor?: number;
  readonly format?: string;
  readonly values?: readonly unknown[];
}

type Broken = Pick<FieldError, 'rule' | 'values'>;

/**
 * @param issues Zod's issues as `fastify-type-provider-zod` passes them on.
 * @param source the validated part of the request (body, query string, parameters); used only to tell missing from mistyped.
 * @returns the first broken rule of each field, because Zod goes on to check the length of a value of the wrong type. Field names come from
 *   the schema; `z.record` takes names from the client and would have them repeated here, so no body uses it.
 */
export function fieldErrors(issues: readonly FastifySchemaValidationError[], source: unknown): FieldError[] {
  const errors = new Map<string, FieldError>();
  for (const issue of issues) {
    const path = issue.instancePath.split('/').filter((name) => name !== '');
    const field = path.join('.');
    if (!errors.has(field)) errors.set(field, { field, ...brokenRule(issue, path, source) });
  }
  return [...errors.values()];
}

function brokenRule(issue: FastifySchemaValidationError, path: readonly string[], source: unknown): Broken {
  const facts = issue.params as IssueFacts;
  switch (issue.keyword) {
    case 'invalid_type':
      return wrongType(facts, path, source);
    case 'too_small':
      return tooSmall(facts);
    case 'too_big':
      return tooBig(facts);
    case 'invalid_format':
      return { rule: withMessage(schemaRules.invalid_format, formatNames[facts.format ?? '']) };
    case 'not_multiple_of':
      return { rule: schemaRules.not_multiple_of, values: { divisor: facts.divisor ?? 1 } };
    case 'unrecognized_keys':
      return { rule: schemaRules.unknown_field };
    default:
      return isMissing(path, source) ? { rule: schemaRules.required } : { rule: choices(facts.values) };
  }
}

function wrongType({ expected = '' }: IssueFacts, path: readonly string[], source: unknown): Broken {
  if (path.length === 0) return { rule: schemaRules.not_an_object };
  if (isMissing(path, source)) return { rule: schemaRules.required };
  return { rule: withMessage(schemaRules.wrong_type, typeNames[expected]) };
}

function tooSmall({ origin, minimum = 0, inclusive }: IssueFacts): Broken {
  const values: SentenceValues = { minimum: Number(minimum) };
  if (origin === 'string') return { rule: schemaRules.too_short, values };
  if (origin === 'array' || origin === 'set') return { rule: schemaRules.too_few, values };
  const message =
    inclusive === false
      ? { ko: '{minimum}보다 커야 합니다.', en: 'This must be more than {minimum}.' }
      : { ko: '{minimum} 이상이어야 합니다.', en: 'This must be at least {minimum}.' };
  return { rule: withMessage(schemaRules.out_of_range, message), values };
}

function tooBig({ origin, maximum = 0, inclusive }: IssueFacts): Broken {
  const values: SentenceValues = { maximum: Number(maximum) };
  if (origin === 'string') return { rule: schemaRules.too_long, values };
  if (origin === 'array' || origin === 'set') return { rule: schemaRules.too_many, values };
  const message =
    inclusive === false
      ? { ko: '{maximum}보다 작아야 합니다.', en: 'This must be less than {maximum}.' }
      : { ko: '{maximum} 이하여야 합니다.', en: 'This must be at most {maximum}.' };
  return { rule: withMessage(schemaRules.out_of_range, message), values };
}

function choices(values: readonly unknown[] | undefined): FieldRule {
  if (values === undefined) return schemaRules.invalid_value;
  const list = values.join(', ');
  return withMessage(schemaRules.invalid_value, { ko: `다음 중 하나여야 합니다: ${list}.`, en: `This must be one of: ${list}.` });
}

function withMessage(rule: FieldRule, message: FieldRule['message'] | undefined): FieldRule {
  return message === undefined ? rule : { ...rule, message };
}

/** JSON has no `undefined`, so an undefined value was not sent. */
function isMissing(path: readonly string[], source: unknown): boolean {
  let value = source;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return true;
    value = (value as Record<string, unknown>)[name];
  }
  return value === undefined;
}
