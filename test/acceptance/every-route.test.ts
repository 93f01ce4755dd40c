import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exchange, parseAnswer, type RawAnswer } from '../support/raw-http.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

interface Media {
  readonly example?: unknown;
  readonly examples?: unknown;
  readonly schema?: { readonly $ref?: string };
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<
        string,
        {
          readonly examples?: readonly unknown[];
          readonly properties?: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
        }
      >
    >;
  };
}

let server: ServerProcess;
let document: Document;
before(async () => {
  server = await startServer({ environment: { BCRYPT_COST: '10', DEFAULT_LANGUAGE: 'en', RATE_LIMIT: 'on' } });
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
});
after(() => server[Symbol.asyncDispose]());

const documents = ['/', '/docs', '/docs/', '/docs/static/index.css', '/redoc', '/redoc/redoc.standalone.js', '/openapi.json'];
const addressOf = (pattern: string) => pattern.replace('{code}', 'not_found').replace(/\{\w+\}/g, '1');

async function ask(method: string, path: string, fields = ''): Promise<RawAnswer> {
  const port = Number(new URL(server.url).port);
  return parseAnswer(await exchange(port, `${method} ${path} HTTP/1.1\r\nHost: x\r\n${fields}Connection: close\r\n\r\n`));
}

function operations(): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

test('the OpenAPI document has the whole sign-up', () => {
  assert.deepEqual(
    operations()
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => !route.includes(' /admin/'))
      .sort(),
    [
      'DELETE /auth/register/session',
      'GET /auth/register/session',
      'GET /healthz',
      'GET /problems/{code}',
      'GET /readyz',
      'POST /auth/invitation/verify',
      'POST /auth/register/session/renew',
      'PUT /auth/register/birthday',
      'PUT /auth/register/name',
      'PUT /auth/register/phone',
    ],
  );
});

const always = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  connection: 'close',
};
const data = {
  ...always,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'",
};
/** Vary from response to response, or describe its length. */
const passing = [
  'x-request-id',
  'date',
  'content-length',
  'transfer-encoding',
  'last-modified',
  'etag',
  'accept-ranges',
  'ratelimit',
  'ratelimit-policy',
];

function fieldsOf({ headers }: RawAnswer): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !passing.includes(name)));
}

test('every operation sends these headers in every response', async () => {
  for (const { path, method, operation } of operations()) {
    const answer = await ask(method, addressOf(path));
    assert.match(answer.headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/, path);
    assert.equal(answer.headers.ratelimit !== undefined, path.startsWith('/auth/'), `${method} ${path}: ${answer.headers.ratelimit}`);
    const isRefused = answer.status >= 400;
    assert.deepEqual(
      fieldsOf(answer),
      {
        ...data,
        'cache-control': path === '/problems/{code}' ? 'public, max-age=0' : 'no-store',
        ...(isRefused
          ? { 'content-type': 'application/problem+json; charset=utf-8', 'content-language': 'en', vary: 'Accept-Language' }
          : { 'content-type': 'application/json; charset=utf-8' }),
        ...(answer.status === 401 && { 'www-authenticate': 'Bearer' }),
      },
      `${method} ${path}`,
    );
    assert.ok(Object.hasOwn(operation.responses, String(answer.status)), `${method} ${path} answers ${answer.status} and does not say so`);
  }
});

test('every document sends these headers, and none sends HSTS over plain HTTP or names its software', async () => {
  const page = {
    ...always,
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; " +
      "worker-src blob:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'",
  };
  const kept = { 'cache-control': 'public, max-age=0' };
  const coded = { vary: 'Accept-Encoding' };
  const fresh = { 'cache-control': 'no-store' };
  const expected: Record<string, object> = {
    '/': { ...data, ...fresh, location: 'docs' },
    '/docs': { ...page, ...kept, 'content-type': 'text/html; charset=utf-8' },
    '/docs/': { ...page, ...kept, 'content-type': 'text/html; charset=utf-8' },
    '/docs/static/index.css': { ...data, ...kept, 'content-type': 'text/css; charset=utf-8' },
    '/redoc': { ...page, ...kept, 'content-type': 'text/html; charset=utf-8' },
    '/redoc/redoc.standalone.js': { ...data, ...kept, ...coded, 'content-type': 'text/javascript; charset=utf-8' },
    '/openapi.json': { ...data, ...kept, ...coded, 'content-type': 'application/json; charset=utf-8' },
  };
  for (const path of documents) assert.deepEqual(fieldsOf(await ask('GET', path)), expected[path], path);
});

test('HEAD answers as GET does without a body, OPTIONS names the methods, TRACE and the others are refused', async () => {
  const paths = new Set([...Object.keys(document.paths), ...documents]);
  for (const path of paths) {
    const own = Object.keys(document.paths[path] ?? { get: {} }).map((method) => method.toUpperCase());
    const allow = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
    const address = addressOf(path);
    const options = await ask('OPTIONS', address);
    assert.deepEqual([options.status, options.headers.allow, options.body], [204, allow, ''], path);
    for (const method of ['TRACE', 'PATCH', 'PROPFIND', 'QUERY'].filter((other) => !own.includes(other))) {
      const { status, headers, body } = await ask(method, address, 'X-Secret: kan4rie\r\n');
      assert.deepEqual([status, headers.allow], [405, allow], `${method} ${path}`);
      assert.ok(!body.includes('kan4rie'));
    }
    if (!own.includes('GET')) continue;
    const [head, get] = [await ask('HEAD', address), await ask('GET', address)];
    assert.deepEqual([head.status, head.body, fieldsOf(head)], [get.status, '', fieldsOf(get)], path);
  }
});

test('every operation is described, with an example of every field and of every error', () => {
  const names = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(names).size, names.length, 'a name for each');
  for (const { path, method, operation } of operations()) {
    const which = `${method} ${path}`;
    assert.match(operation.summary ?? '', /^[A-Z].{5,}/, which);
    assert.ok(operation.tags?.length === 1, which);
    assertExamplesOfBody(operation, which);
    assertExamplesOfRefusals(operation, which);
  }
});

function assertExamplesOfBody({ requestBody }: Operation, which: string): void {
  const json = requestBody?.content['application/json'];
  const schemaName = json?.schema?.$ref?.split('/').at(-1);
  assert.ok(!json || schemaName, which);
  const { properties = {}, examples: whole } = document.components.schemas[schemaName ?? ''] ?? {};
  // Members that exclude each other have no example of their own where the body has one: tools put all of them into one request.
  for (const [field, { examples }] of Object.entries(properties))
    assert.ok(examples?.length || whole?.length, `${which}: ${field} has no example`);
}

function assertExamplesOfRefusals({ responses, requestBody, security }: Operation, which: string): void {
  const wanted = [...(requestBody ? ['400', '413', '415', '422'] : []), ...(security?.length ? ['401'] : [])];
  if (which.includes('/auth/')) wanted.push('503', ...(security?.length ? ['404'] : []));
  if (which.includes('/admin/')) wanted.push('503');
  for (const status of wanted) assert.ok(Object.hasOwn(responses, status), `${which} does not say that it can answer ${status}`);
  for (const [status, { description, content }] of Object.entries(responses)) {
    assert.ok(description.length > 3, `${which} ${status}`);
    if (Number(status) < 400) continue;
    const examples = Object.entries(
      (content?.['application/problem+json']?.examples ?? {}) as Record<string, { value: { code: string; status: number } }>,
    );
    assert.ok(examples.length > 0, `${which} ${status} has no example`);
    for (const [code, { value }] of examples) assert.deepEqual([value.code, value.status], [code, Number(status)], which);
  }
}
