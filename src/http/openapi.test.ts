import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

interface Operation {
  operationId: string;
  tags: string[];
  requestBody?: unknown;
  responses: Record<string, { description: string; headers?: object; content: Record<string, { schema: object; examples?: object }> }>;
}

interface Document {
  openapi: string;
  info: { version: string; license: object };
  servers: object[];
  tags: { name: string }[];
  components: { schemas: Record<string, Record<string, unknown>>; securitySchemes: object };
  paths: Record<string, Record<string, Operation>>;
}

let sample: SampleApp;
let document: Document;
before(async () => {
  sample = await createSampleApp();
  document = (await sample.app.inject('/openapi.json')).json();
});
after(() => sample.app.close());

test('it says what it is', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.version, '1.2.3');
  assert.deepEqual(document.info.license, { name: 'MIT', identifier: 'MIT' });
  assert.deepEqual(document.servers, [{ url: '/' }]);
  assert.deepEqual(
    document.tags.map((tag) => tag.name),
    ['samples', 'problems', 'health'],
  );
});

test('it has exactly the routes of the API, each in a group and with its own operation id', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => `${method} ${path} ${operation.operationId} ${operation.tags}`),
  );
  assert.deepEqual(operations.sort(), [
    'get /auth/samples/{id} getSample samples',
    'get /healthz health health',
    'get /problems/{code} explainProblem problems',
    'get /readyz readiness health',
    'put /auth/samples/{id} putSample samples',
  ]);
});

test('schemas keep their names and appear once', () => {
  assert.deepEqual(Object.keys(document.components.schemas).sort(), [
    'Health',
    'Problem',
    'ProblemPage',
    'Readiness',
    'SampleAnswer',
    'SampleRequest',
  ]);
  const operation = document.paths['/auth/samples/{id}']?.put;
  assert.deepEqual(operation?.requestBody, {
    required: true,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/SampleRequest' } } },
  });
  assert.deepEqual(operation?.responses['200'], {
    description: 'It is kept.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/SampleAnswer' } } },
  });
});

test('responses may gain members, so no schema is closed', () => {
  assert.ok(!JSON.stringify(document).includes('"additionalProperties":false'));
});

test('errors are problem documents with an example for each code', () => {
  const responses = document.paths['/auth/samples/{id}']?.put?.responses ?? {};
  assert.deepEqual(Object.keys(responses), ['200', '400', '410', '413', '415', '422', '503']);
  assert.deepEqual(responses['410'], {
    description: '`sample_gone`: Gone',
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: {
          sample_gone: {
            summary: 'Gone',
            value: {
              type: '/problems/sample_gone',
              title: 'Gone',
              status: 410,
              detail: 'It is gone since Monday.',
              code: 'sample_gone',
            },
          },
        },
      },
    },
  });
  assert.deepEqual(Object.keys(responses['503']?.headers ?? {}), ['Retry-After']);
});

test('credentials are bearer tokens', () => {
  assert.deepEqual(document.components.securitySchemes, { key: { type: 'http', scheme: 'bearer', description: 'A sample key.' } });
});

test('it is generated once, and both pages read it', async () => {
  const [first, second] = [await sample.app.inject('/openapi.json'), await sample.app.inject('/openapi.json')];
  assert.equal(first.headers.etag, second.headers.etag);
  assert.match((await sample.app.inject('/docs/static/swagger-initializer.js')).body, /'\.\.\/\.\.\/openapi\.json'/);
  assert.match((await sample.app.inject('/redoc')).body, /spec-url="openapi\.json"/);
});
