import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { documentContentPolicy } from './security-headers.ts';

/** Addresses are relative, so that the page also works below a prefix of a reverse proxy. */
const redocPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chodae: API reference</title>
<link rel="icon" href="data:,">
<style>body { margin: 0; }</style>
</head>
<body>
<redoc spec-url="openapi.json" hide-download-button></redoc>
<script src="redoc/redoc.standalone.js"></script>
</body>
</html>
`;

/** The one thing that ReDoc would load from somewhere else. */
const redocLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';

/**
 * Answers `/docs` (Swagger UI, from which requests can be sent), `/redoc` (ReDoc) and `/` (to `/docs`). Everything comes from this
 * server. Needs `addOpenApi`.
 */
export async function addApiDocuments(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: documentContentPolicy,
    theme: { title: 'Chodae: try the API' },
    // Without the bar at the top: it carries another project's logo and a field for other documents, which the policy blocks.
    uiConfig: { layout: 'BaseLayout', displayRequestDuration: true, tryItOutEnabled: true },
  });
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('docs', 302));
  app.get('/redoc', { schema: { hide: true } }, (_request, reply) =>
    reply.header('content-security-policy', documentContentPolicy).type('text/html; charset=utf-8').send(redocPage),
  );
  app.get('/redoc/redoc.standalone.js', { schema: { hide: true } }, sendRedocBundle);
}

interface Asset {
  readonly text: string;
  readonly etag: string;
}

/** Read once, when somebody looks at the page. */
let redocBundle: Promise<Asset> | undefined;

async function sendRedocBundle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  redocBundle ??= readRedocBundle();
  const { text, etag } = await redocBundle;
  reply.header('cache-control', 'public, max-age=0').header('etag', etag);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type('text/javascript; charset=utf-8').send(text);
}

/** A release has the bundle beside this file; from source it is the development dependency's. */
async function readRedocBundle(): Promise<Asset> {
  const released = new URL('redoc/redoc.standalone.js', import.meta.url);
  const bundle = await readFile(released, 'utf8').catch(() =>
    readFile(createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js'), 'utf8'),
  );
  const text = bundle.replaceAll(redocLogo, 'data:,');
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` };
}
