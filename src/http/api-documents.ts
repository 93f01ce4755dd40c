import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { sendDocument } from './document.ts';
import { documentContentPolicy } from './security-headers.ts';

/**
 * Addresses in the pages are relative, so that they also work below a prefix of a reverse proxy.
 * @param head beside the title.
 */
function page(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

const redocPage = page(
  'Chodae: API reference',
  '<style>body { margin: 0; }</style>',
  `<redoc spec-url="openapi.json" hide-download-button></redoc>
<script src="redoc/redoc.standalone.js"></script>`,
);

/** @param assets where they are, seen from the page. */
function swaggerPage(assets: string): string {
  return page(
    'Chodae: try the API',
    `<link rel="stylesheet" href="${assets}swagger-ui.css">
<link rel="stylesheet" href="${assets}index.css">`,
    `<div id="swagger-ui"></div>
<script src="${assets}swagger-ui-bundle.js"></script>
<script src="${assets}swagger-initializer.js"></script>`,
  );
}

/** A file of its own, because the content policy lets no script of the page itself run. */
const swaggerInitializer = `SwaggerUIBundle({
  url: new URL('../../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  // Without the bar at the top: it carries another project's logo and a field for other documents, which the policy blocks.
  layout: 'BaseLayout',
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [SwaggerUIBundle.plugins.DownloadUrl],
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

const html = 'text/html; charset=utf-8';
const script = 'text/javascript; charset=utf-8';
const styles = 'text/css; charset=utf-8';
const pageHeaders = { 'content-security-policy': documentContentPolicy };

/** The one thing that ReDoc would load from somewhere else. */
const redocLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';

/**
 * Answers `/openapi.json` (OpenAPI 3.1), `/docs` (Swagger UI, from which requests can be sent), `/redoc` (ReDoc) and `/` (to `/docs`). Everything
 * comes from this server. Needs `addOpenApi`.
 */
export function addApiDocuments(app: FastifyInstance): void {
  const schema = { hide: true };
  app.get('/', { schema }, (_request, reply) => reply.redirect('docs', 302));
  const documents = {
    '/openapi.json': { mediaType: 'application/json; charset=utf-8', read: () => JSON.stringify(app.swagger()) },
    '/docs': { mediaType: html, headers: pageHeaders, read: () => swaggerPage('docs/static/') },
    '/docs/': { mediaType: html, headers: pageHeaders, read: () => swaggerPage('static/') },
    '/docs/static/index.css': { mediaType: styles, read: () => readSwaggerFile('index.css') },
    '/docs/static/swagger-ui.css': { mediaType: styles, read: () => readSwaggerFile('swagger-ui.css') },
    '/docs/static/swagger-ui-bundle.js': { mediaType: script, read: () => readSwaggerFile('swagger-ui-bundle.js') },
    '/docs/static/swagger-initializer.js': { mediaType: script, read: () => swaggerInitializer },
    '/redoc': { mediaType: html, headers: pageHeaders, read: () => redocPage },
    '/redoc/redoc.standalone.js': { mediaType: script, read: readRedocBundle },
  };
  for (const [path, document] of Object.entries(documents)) app.get(path, { schema }, sendDocument(document));
}

/** Only the files of the package are used: its plugin opens one of them for each request. */
function readSwaggerFile(name: string): Promise<Buffer> {
  return readFile(new URL(name, import.meta.resolve('@fastify/swagger-ui/static/index.css')));
}

/** A release has the bundle beside this file; from source it is the development dependency's. */
async function readRedocBundle(): Promise<string> {
  const released = new URL('redoc/redoc.standalone.js', import.meta.url);
  const bundle = await readFile(released, 'utf8').catch(() =>
    readFile(createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js'), 'utf8'),
  );
  return bundle.replaceAll(redocLogo, 'data:,');
}
