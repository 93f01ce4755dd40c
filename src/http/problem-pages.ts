import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Problem, type ProblemKind, validationProblems } from '../problems.ts';
import { sendDocument } from './document.ts';
import { httpProblems } from './http-problems.ts';
import { problemType } from './problem-details.ts';
import { problemResponses } from './problem-responses.ts';

/** What a slice declares with `problemCatalogue`. */
export type ProblemCatalogue = Readonly<Record<string, ProblemKind>>;

const sentence = z.object({ ko: z.string(), en: z.string() });
const problemPage = z
  .object({ code: z.string(), status: z.int().min(400).max(599), title: sentence, detail: sentence })
  .meta({ id: 'ProblemPage', description: 'One kind of error, in every language.' });

/**
 * Serves `GET /problems/<code>`, so that the `type` of a problem leads somewhere.
 * @param catalogues those of the slices; the ones of HTTP and validation are always included.
 * @throws Error if two catalogues use one code.
 */
export function addProblemPages(app: FastifyInstance, catalogues: readonly ProblemCatalogue[]): void {
  const kinds = kindsByCode([httpProblems, validationProblems, ...catalogues]);
  app.register(problemRoutes, { kinds });
}

function kindsByCode(catalogues: readonly ProblemCatalogue[]): ReadonlyMap<string, ProblemKind> {
  const kinds = new Map<string, ProblemKind>();
  for (const kind of catalogues.flatMap((catalogue) => Object.values(catalogue))) {
    if (kinds.has(kind.code)) throw new Error(`two problems have the code ${kind.code}`);
    kinds.set(kind.code, kind);
  }
  return kinds;
}

const problemRoutes: FastifyPluginAsyncZod<{ kinds: ReadonlyMap<string, ProblemKind> }> = async (app, { kinds }) => {
  const pages = new Map(
    [...kinds].map(([code, kind]) => [code, sendDocument({ mediaType: 'application/json; charset=utf-8', read: () => textOf(kind) })]),
  );
  app.get(
    problemType(':code'),
    {
      config: { crossOrigin: true },
      schema: {
        operationId: 'explainProblem',
        tags: ['problems'],
        summary: 'Explain a kind of error',
        params: z.object({ code: z.string().meta({ examples: ['validation_failed'] }) }),
        response: { 200: problemPage, ...problemResponses(httpProblems.not_found) },
      },
    },
    async (request, reply) => {
      const send = pages.get(request.params.code);
      if (send === undefined) throw new Problem(httpProblems.not_found);
      return send(request, reply);
    },
  );
};

function textOf({ code, status, title, detail }: ProblemKind): string {
  return JSON.stringify({ code, status, title, detail });
}
