import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { pino } from 'pino';
import { z } from 'zod';
import { addApiDocuments } from '../../src/http/api-documents.ts';
import { addHealth } from '../../src/http/health.ts';
import { completeMethods } from '../../src/http/methods.ts';
import { addOpenApi } from '../../src/http/openapi.ts';
import { addProblemPages } from '../../src/http/problem-pages.ts';
import { bodyProblems, problemResponses } from '../../src/http/problem-responses.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { Problem, problemCatalogue } from '../../src/problems.ts';

export const sampleProblems = problemCatalogue({
  sample_gone: {
    status: 410,
    title: { ko: '없어졌습니다', en: 'Gone' },
    detail: { ko: '{day}에 없어졌습니다.', en: 'It is gone since {day}.' },
  },
  sample_busy: {
    status: 503,
    title: { ko: '붐빕니다', en: 'Busy' },
    detail: { ko: '잠시 뒤에 다시 시도하세요.', en: 'Try again in a moment.' },
    retryAfterSeconds: 2,
  },
});

const sampleBody = z
  .object({
    name: z
      .string()
      .min(1)
      .max(10)
      .meta({ description: 'Any short name', examples: ['Ada'] }),
    kind: z.enum(['small', 'large']).optional(),
    count: z.int().min(1).max(9).optional(),
    day: z.iso.date().optional(),
    tags: z.array(z.string()).min(1).max(2).optional(),
    nested: z.object({ deep: z.boolean() }).optional(),
  })
  .meta({ id: 'SampleRequest' });
const sampleAnswer = z.object({ ok: z.literal(true), name: z.string() }).meta({ id: 'SampleAnswer', description: 'It is kept.' });

/** What the handler does besides answering: the name of the body chooses. */
export const sampleFaults: Readonly<Record<string, () => unknown>> = {
  gone: () => new Problem(sampleProblems.sample_gone, { values: { day: 'Monday' }, members: { missing: ['birthday'] } }),
  busy: () => new Problem(sampleProblems.sample_busy, { cause: new Error('secret canary'), retryAfterSeconds: 0.2 }),
  bug: () => new TypeError('secret canary\n    at secret canary (canary.ts:1:1)'),
  database: () =>
    Object.assign(new Error('duplicate key: secret canary'), {
      code: '23505',
      severity: 'ERROR',
      detail: 'Key (phone)=(secret canary) already exists.',
      constraint: 'User_phone_key_key',
      table: 'User',
      routine: '_bt_check_unique',
    }),
  thrown: () => 'secret canary',
};

const sampleRoutes: FastifyPluginAsyncZod = async (app) => {
  app.put(
    '/samples/:id',
    {
      schema: {
        operationId: 'putSample',
        tags: ['samples'],
        summary: 'Keep a sample',
        params: z.object({ id: z.string() }),
        body: sampleBody,
        response: {
          200: sampleAnswer,
          ...problemResponses(
            ...bodyProblems,
            new Problem(sampleProblems.sample_gone, { values: { day: 'Monday' } }),
            sampleProblems.sample_busy,
          ),
        },
      },
    },
    async ({ body }) => {
      const fault = sampleFaults[body.name];
      if (fault) throw fault();
      return { ok: true as const, name: body.name };
    },
  );
  app.get(
    '/samples/:id',
    { schema: { tags: ['samples'], operationId: 'getSample', querystring: z.object({ at: z.string() }) } },
    async () => ({
      ok: true,
    }),
  );
};

export interface SampleApp {
  readonly app: HttpServer;
  /** The lines that were logged so far, parsed. */
  readonly lines: Record<string, unknown>[];
}

/**
 * Builds an HTTP server with one small slice, as `app.ts` does it with the real ones. The caller closes it.
 * @param options beside those that it needs.
 */
export async function createSampleApp(
  add: (app: HttpServer) => void = () => undefined,
  options: Partial<HttpServerOptions> = {},
): Promise<SampleApp> {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const app = createHttpServer({ log, defaultLanguage: 'en', ...options });
  await addOpenApi(app, { version: '1.2.3', tags: [{ name: 'samples', description: 'Samples' }], credentials: { key: 'A sample key.' } });
  await app.register(sampleRoutes, { prefix: '/auth' });
  addHealth(app, { checkReady: async () => undefined });
  addProblemPages(app, [sampleProblems]);
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('docs', 302));
  addApiDocuments(app);
  add(app);
  completeMethods(app);
  await app.ready();
  return { app, lines };
}
