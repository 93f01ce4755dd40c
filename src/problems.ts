/** The languages that the service answers in. */
export type Language = 'ko' | 'en';
export const languages: readonly Language[] = ['ko', 'en'];

/** One sentence in every language; `{placeholders}` are filled with the values of the problem. */
export type Sentence = Readonly<Record<Language, string>>;

/** Values in a sentence; a `Sentence` is worded in the reader's language. Never put personal data here: sentences reach clients and examples. */
export type SentenceValues = Readonly<Record<string, string | number | Sentence>>;

/** One kind of problem (RFC 9457): `code` never changes, the sentences may. */
export interface ProblemKind {
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly title: Sentence;
  readonly detail: Sentence;
  /** Seconds for the `Retry-After` header; only on 429 and 503. */
  readonly retryAfterSeconds?: number;
}

/**
 * Declares the problems of one slice: the key becomes the `code`.
 * Every catalogue is listed in `app.ts`; the OpenAPI document, `/problems/<code>` and the test of `docs/reference/errors.md` read it from there.
 */
export function problemCatalogue<Code extends string>(
  entries: Readonly<Record<Code, Omit<ProblemKind, 'code'>>>,
): Readonly<Record<Code, ProblemKind>> {
  const kinds = {} as Record<Code, ProblemKind>;
  for (const code of Object.keys(entries) as Code[]) kinds[code] = { code, ...entries[code] };
  return kinds;
}

/** One rule that a field can break, with a sentence that says what to do. */
export interface FieldRule {
  readonly code: string;
  readonly message: Sentence;
}

/** Declares the rules of a field; the key becomes the `code` of the entry in `errors`. */
export function fieldRules<Code extends string>(entries: Readonly<Record<Code, Sentence>>): Readonly<Record<Code, FieldRule>> {
  const rules = {} as Record<Code, FieldRule>;
  for (const code of Object.keys(entries) as Code[]) rules[code] = { code, message: entries[code] };
  return rules;
}

/** One broken rule of one field of a request body. */
export interface FieldError {
  /** The name in the body, snake_case; nested names are joined with a dot. Empty: the body itself. */
  readonly field: string;
  readonly rule: FieldRule;
  readonly values?: SentenceValues | undefined;
  /** The line of a file, from 1. */
  readonly line?: number;
}

export interface ProblemDetails {
  readonly values?: SentenceValues;
  /** More members of the response, camelCase, such as `missing`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly FieldError[];
  /** Seconds; overrides the one of the kind. */
  readonly retryAfterSeconds?: number;
  /** The real cause: for the log, never for the response. */
  readonly cause?: unknown;
}

/** A problem on its way to the client. Its message is only the code, so that logging it reveals no personal data. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly details: ProblemDetails;

  constructor(kind: ProblemKind, details: ProblemDetails = {}) {
    super(kind.code, { cause: details.cause });
    this.name = 'Problem';
    this.kind = kind;
    this.details = details;
  }
}

export const validationProblems = problemCatalogue({
  validation_failed: {
    status: 422,
    title: { ko: '입력값을 확인하세요', en: 'Check what you entered' },
    detail: { ko: '입력한 내용 중에 고칠 곳이 있습니다.', en: 'Some of what you entered needs another value.' },
  },
});

/** @returns the 422 for one or more broken fields. */
export function validationFailed(errors: readonly FieldError[]): Problem {
  return new Problem(validationProblems.validation_failed, { errors });
}

/** @returns the sentence in one language with its placeholders filled; an unknown placeholder stays as it is. */
export function fillSentence(sentence: Sentence, language: Language, values: SentenceValues = {}): string {
  return sentence[language].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name] ?? whole;
    return typeof value === 'object' ? value[language] : String(value);
  });
}
