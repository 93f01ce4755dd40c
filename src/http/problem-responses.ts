import { z } from 'zod';
import { Problem, type ProblemKind, validationFailed } from '../problems.ts';
import { schemaRules } from './field-messages.ts';
import { httpProblems } from './http-problems.ts';
import { problemMediaType, problemMembers } from './problem-details.ts';

/** A kind, or one problem of that kind whose values and members make a better example. */
export type DocumentedProblem = ProblemKind | Problem;

/** What every route with a JSON body can answer besides its own problems. */
export const bodyProblems: readonly DocumentedProblem[] = [
  httpProblems.malformed_json,
  httpProblems.payload_too_large,
  httpProblems.unsupported_media_type,
  validationFailed([{ field: 'name', rule: schemaRules.required }]),
];

/** What every route with a query string can answer besides its own problems. */
export const queryProblem: DocumentedProblem = validationFailed([{ field: 'limit', rule: schemaRules.out_of_range }]);

const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: 'A relative reference to an explanation of this kind of error.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: "A sentence in the reader's language." }),
    code: z.string().meta({ description: 'Identifies the kind of error; it never changes.' }),
    errors: z
      .array(z.object({ line: z.int().optional(), field: z.string(), code: z.string(), message: z.string() }))
      .optional()
      .meta({
        description: 'The fields that need another value; an empty `field` is the body itself, or the whole `line` of a file.',
      }),
  })
  .meta({ id: 'Problem', description: 'An error response (RFC 9457).' });

/**
 * Typed without members: handlers throw their problems, so they are not part of the response type. At run time
 * these schemas serialize nothing either, because problems are sent as text.
 */
export type ProblemResponses = Readonly<Record<never, never>>;

interface ProblemResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content: Record<string, { readonly schema: z.ZodType; readonly examples: Record<string, { summary: string; value: object }> }>;
}

/**
 * @param problems that a route can answer with; of two with one code the later one is the example.
 * @returns entries for `schema.response`: one per status, with a named example in English for each code.
 */
export function problemResponses(...problems: readonly DocumentedProblem[]): ProblemResponses {
  const byCode = new Map(problems.map(asProblem).map((problem) => [problem.kind.code, problem]));
  const responses: Record<number, ProblemResponse> = {};
  for (const status of new Set([...byCode.values()].map((problem) => problem.kind.status))) {
    responses[status] = problemResponse([...byCode.values()].filter((problem) => problem.kind.status === status));
  }
  return responses;
}

function asProblem(documented: DocumentedProblem): Problem {
  return documented instanceof Problem ? documented : new Problem(documented);
}

function problemResponse(problems: readonly Problem[]): ProblemResponse {
  const headers = responseHeaders[problems[0]?.kind.status ?? 0];
  const examples = problems.map((problem) => [problem.kind.code, { summary: problem.kind.title.en, value: problemMembers(problem, 'en') }]);
  return {
    description: problems.map(({ kind }) => `\`${kind.code}\`: ${kind.title.en}`).join('; '),
    ...(headers && { headers }),
    content: { [problemMediaType]: { schema: problemSchema, examples: Object.fromEntries(examples) } },
  };
}

/** @returns the responses of a route plus one more problem that a check before it can answer with. */
export function withProblem(responses: object, problem: Problem): object {
  const { status } = problem.kind;
  const present = (responses as Record<number, ProblemResponse>)[status];
  const added = problemResponse([problem]);
  const examplesOf = (response: ProblemResponse) => response.content[problemMediaType]?.examples ?? {};
  if (!present || problem.kind.code in examplesOf(present)) return { ...responses, [status]: present ?? added };
  const content = { [problemMediaType]: { schema: problemSchema, examples: { ...examplesOf(present), ...examplesOf(added) } } };
  return { ...responses, [status]: { ...present, description: `${present.description}; ${added.description}`, content } };
}

const retryAfter = { 'Retry-After': { type: 'integer', minimum: 1, description: 'Seconds until a retry makes sense.' } };
const rateLimit = {
  RateLimit: {
    type: 'string',
    description: 'The limit that was reached: `r` requests remain for the next `t` seconds (draft-ietf-httpapi-ratelimit-headers).',
  },
  'RateLimit-Policy': { type: 'string', description: 'That limit itself: `q` requests are allowed in `w` seconds.' },
};
const responseHeaders: Readonly<Record<number, Readonly<Record<string, object>>>> = {
  429: { ...retryAfter, ...rateLimit },
  503: retryAfter,
};
