import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { sendDocument } from './document.ts';
import { documentContentPolicy } from './security-headers.ts';

/**
 * URLs in the pages are relative, so that they also work below the path prefix of a reverse proxy.
 * @param head more elements for the head.
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

/** @param assets their URL, relative to the page. */
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

/** A separate file, because the content security policy forbids inline scripts. */
const swaggerInitializer = `SwaggerUIBundle({
  url: new URL('../../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  // Without the top bar: it has another project's logo and a field for other documents, which the policy blocks.
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

/** The only thing that ReDoc would load from another host. */
const redocLogo = 'https://cdn.redoc.ly/redoc/logo-mini.svg';

/**
 * Serves `/openapi.json` (OpenAPI 3.1), `/docs` (Swagger UI, which can send requests) and `/redoc` (ReDoc), all from this server. Needs
 * `addOpenApi`.
 */
export function addApiDocuments(app: FastifyInstance): void {
  const schema = { hide: true };
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
  for (const [path, document] of Object.entries(documents)) {
    app.get(path, { schema, config: { crossOrigin: path === '/openapi.json' } }, sendDocument(document));
  }
}

/** Uses only the files of the package: its plugin opens one of them for each request. */
function readSwaggerFile(name: string): Promise<Buffer> {
  return readFile(new URL(name, import.meta.resolve('@fastify/swagger-ui/static/index.css')));
}

/** A release has the bundle beside this file; from source it comes from the development dependency. */
async function readRedocBundle(): Promise<string> {
  const released = new URL('redoc/redoc.standalone.js', import.meta.url);
  const bundle = await readFile(released, 'utf8').catch(() =>
    readFile(createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js'), 'utf8'),
  );
  return bundle.replaceAll(redocLogo, 'data:,');
}
