import { fillSentence, type Language, type Problem } from '../problems.ts';

/** RFC 9457, 3. */
export const problemMediaType = 'application/problem+json';

/** A problem as sent over the wire. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Already serialized JSON: the serializers of a route's responses never see it. */
  readonly body: string;
}

/** Renders a problem in one language. */
export function problemAnswer(problem: Problem, language: Language): ProblemAnswer {
  const headers: Record<string, string> = { 'content-type': `${problemMediaType}; charset=utf-8`, 'content-language': language };
  const { status } = problem.kind;
  if (status === 429 || status === 503) headers['retry-after'] = String(retryAfterSeconds(problem));
  // RFC 9110, 15.5.2: a 401 names the accepted scheme.
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { status, headers, body: JSON.stringify(problemMembers(problem, language)) };
}

/** @returns the members of RFC 9457 and ours: `code`, `errors`, and those of the problem itself. */
export function problemMembers({ kind, details }: Problem, language: Language): Record<string, unknown> {
  const errors = details.errors?.map(({ line, field, rule, values }) => ({
    ...(line !== undefined && { line }),
    field,
    code: rule.code,
    message: fillSentence(rule.message, language, values),
  }));
  return {
    type: problemType(kind.code),
    title: fillSentence(kind.title, language, details.values),
    status: kind.status,
    detail: fillSentence(kind.detail, language, details.values),
    code: kind.code,
    ...(errors && { errors }),
    ...details.members,
  };
}

/** @returns the relative reference that identifies a kind of problem; `problem-pages.ts` serves it. */
export function problemType(code: string): string {
  return `/problems/${code}`;
}

/** RFC 9110, 10.2.3: whole seconds; never 0, or clients would come back at once. */
function retryAfterSeconds({ kind, details }: Problem): number {
  return Math.max(1, Math.ceil(details.retryAfterSeconds ?? kind.retryAfterSeconds ?? 1));
}
