import type { AdminRoute, JsonSchema, Parameter } from './admin-routes.ts';

/** One request to a route below `/admin`. */
export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a string. */
  readonly body: unknown;
}

/** Path parameters: rows that the test has created. Others use the example of the OpenAPI document. */
export type PathValues = Readonly<Record<string, string>>;

const exampleOf = (schema: JsonSchema | undefined) => schema?.examples?.[0] ?? schema?.example;
/** Bulk counts are small: this is not a load test. */
const few = { count: 3 };
const memberOf = (name: string, schema: JsonSchema | undefined) => (Object.hasOwn(few, name) ? few.count : exampleOf(schema));

/** @returns the request that the document's examples make: the example of the body, or its required members. */
export function sampleRequest(route: AdminRoute, values: PathValues): SampleRequest {
  const { method, path, parameters, body, mediaType } = route;
  const conditional = parameters.some(({ name, in: place }) => place === 'header' && name.toLowerCase() === 'if-match');
  return {
    method,
    path: `${path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
      encodeURIComponent(values[name] ?? String(exampleOf(named(parameters, name)) ?? 'x')),
    )}${requiredQuery(parameters)}`,
    headers: { ...(conditional && { 'if-match': '*' }), ...(mediaType !== undefined && { 'content-type': mediaType }) },
    body: body ? sampleBody(body) : mediaType === undefined ? undefined : 'code\r\nSAMPLE-CODE\r\n',
  };
}

function named(parameters: readonly Parameter[], name: string): JsonSchema | undefined {
  const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
  return parameter && { ...parameter.schema, example: parameter.example ?? exampleOf(parameter.schema) };
}

/** @returns the parameters without which a route does nothing; empty for most. */
function requiredQuery(parameters: readonly Parameter[]): string {
  const wanted = parameters.filter((one) => one.in === 'query' && one.required);
  const pairs = wanted.map(({ name, schema, example }): [string, string] => [name, String(example ?? exampleOf(schema))]);
  return wanted.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

function sampleBody(schema: JsonSchema): Record<string, unknown> {
  const whole = exampleOf(schema);
  if (typeof whole === 'object' && whole !== null)
    return Object.fromEntries(Object.entries(whole).map(([name, value]) => [name, memberOf(name, { example: value })]));
  return Object.fromEntries((schema.required ?? []).map((name) => [name, memberOf(name, schema.properties?.[name])]));
}

/** Values that no member of a body is fit for, or just. */
const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2_147_483_648,
  1e308,
  '',
  ' ',
  'x',
  '\0',
  'a\0b',
  'a\ud800b',
  'a\nb',
  '\ud800',
  '\ufffe',
  '\u202e',
  '가'.repeat(300),
  'x'.repeat(5_000),
  '10000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.000Z',
  '2026-02-30T00:00:00Z',
  '999999999y',
  '010-1234-5678',
  [],
  ['x'],
  {},
  { __proto__x: 1 },
];

const oddTexts = [
  '',
  'x',
  '-1',
  '1.5',
  '0',
  '2147483648',
  '99999999999999999999',
  '%00',
  'a%00b',
  '%0a',
  '%EF%BF%BE',
  '%ED%A0%80',
  '%f0%28',
  '+',
  '..',
  '%2e%2e',
  '10000-01-01T00:00:00Z',
  '%2B275760-09-13T00:00:00Z',
  '2026-02-30',
  'a'.repeat(400),
];

/** @returns the sample with one thing after the other that is not as it should be. */
export function oddRequests(route: AdminRoute, values: PathValues): SampleRequest[] {
  const sample = sampleRequest(route, values);
  return [...oddBodies(route, sample), ...oddPaths(route, sample), ...oddQueries(route, sample), ...oddHeaders(route, sample)];
}

function oddBodies({ body: schema, mediaType }: AdminRoute, sample: SampleRequest): SampleRequest[] {
  const withBody = (body: unknown) => ({ ...sample, body });
  if (mediaType !== undefined) return ['', '\0', 'code\n"', '\ufeff', '"'.repeat(1_000), '{}', `${'x,'.repeat(500)}\n`].map(withBody);
  if (!schema) return [];
  const whole = [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '\ufeff{}',
    `${'['.repeat(5_000)}`,
    `"${'x'.repeat(20_000)}"`,
  ];
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    [memberOf(name, property), ...oddValues].map((value) => ({ ...(sample.body as object), [name]: value })),
  );
  const fewer = Object.keys(sample.body as object).map((name) => ({ ...(sample.body as object), [name]: undefined }));
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', ''];
  return [
    ...[...whole, ...members, ...fewer].map(withBody),
    ...types.map((type) => ({ ...sample, headers: { ...sample.headers, 'content-type': type } })),
  ];
}

function oddPaths({ path }: AdminRoute, sample: SampleRequest): SampleRequest[] {
  const names = [...path.matchAll(/\{\w+\}/g)].map(([name]) => name);
  return names.flatMap(() => oddTexts.map((text) => ({ ...sample, path: path.replace(/\{\w+\}/, text).replace(/\{\w+\}/g, '1') })));
}

function oddQueries({ parameters }: AdminRoute, sample: SampleRequest): SampleRequest[] {
  const names = parameters.filter((one) => one.in === 'query').map((one) => one.name);
  const queries = names.flatMap((name) => [
    ...oddTexts.map((text) => `${name}=${text}`),
    `${name}=a&${name}=b`,
    `${name}[]=1`,
    `${name}[x]=1`,
  ]);
  const examples = parameters
    .filter((one) => one.in === 'query')
    .map((one) => `${one.name}=${encodeURIComponent(String(one.example ?? ''))}`);
  return [...queries, ...examples, examples.join('&'), '__proto__=1', '%zz'].map((query) => ({
    ...sample,
    path: `${sample.path}?${query}`,
  }));
}

function oddHeaders({ parameters }: AdminRoute, sample: SampleRequest): SampleRequest[] {
  const texts = ['', ' ', 'x', '"', 'W/"x"', '"x", "y"', 'ÿ', '*, *', 'x'.repeat(300)];
  return parameters
    .filter((one) => one.in === 'header')
    .flatMap(({ name }) => texts.map((text) => ({ ...sample, headers: { ...sample.headers, [name.toLowerCase()]: text } })));
}
