import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problemResponses } from '../http/problem-responses.ts';
import { Problem, problemCatalogue } from '../problems.ts';
import type { PreviewLinks } from './preview-link.ts';

export const previewProblems = problemCatalogue({
  preview_unsigned: {
    status: 409,
    title: { ko: '미리 보기 링크를 만들 수 없습니다', en: 'No preview link can be made' },
    detail: {
      ko: '미리 보기 링크는 데이터베이스 비밀번호로 서명하는데, DATABASE_URL에 비밀번호가 없습니다.',
      en: 'Preview links are signed with the password of the database, and DATABASE_URL has none.',
    },
  },
});

const previewAnswer = z
  .object({
    path: z.string().meta({ description: 'The path and query on this server.', examples: ['/join?preview=1767225600.x'] }),
    link: z
      .string()
      .nullable()
      .meta({
        description: 'The whole address; `null` where the server does not know it (`PUBLIC_URL`).',
        examples: ['https://signup.example.com/join?preview=1767225600.x'],
      }),
    expires_at: z.iso.datetime().meta({ description: 'A moment in UTC (RFC 3339).', examples: ['2026-01-01T00:00:00.000Z'] }),
  })
  .meta({ id: 'PreviewLink' });

/** Links by which operators look at the sign-up page: below `/admin`, behind the guard. */
export const previewRoutes: FastifyPluginAsyncZod<{ previews: PreviewLinks; publicUrl: string | undefined }> = async (app, options) => {
  const { previews, publicUrl } = options;
  app.post(
    '/preview-links',
    {
      config: { role: 'issuer' },
      schema: {
        tags: ['invitations'],
        operationId: 'createPreviewLink',
        summary: 'Make a link to look at the sign-up page',
        description: 'It works for ten minutes. The page then shows every screen, stores nothing and spends no invitation.',
        response: { 200: previewAnswer, ...problemResponses(previewProblems.preview_unsigned) },
      },
    },
    async () => {
      const made = previews.make(new Date());
      if (!made) throw new Problem(previewProblems.preview_unsigned);
      const path = `/join?preview=${made.token}`;
      return { path, link: publicUrl === undefined ? null : publicUrl + path, expires_at: made.expiresAt.toISOString() };
    },
  );
};
