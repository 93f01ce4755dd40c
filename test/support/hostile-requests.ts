import { METHODS } from 'node:http';
import fc from 'fast-check';
import { bodyOf } from './hostile-bodies.ts';
import { hostileHeaders } from './hostile-headers.ts';
import { placeholders, planted } from './hostile-values.ts';

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly fields: readonly string[];
}

const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/auth/invitation/verify', fields: ['invitation_code'] },
  { method: 'PUT', path: '/auth/register/name', fields: ['session_id', 'name', 'password'] },
  { method: 'PUT', path: '/auth/register/birthday', fields: ['session_id', 'birthday'] },
  { method: 'PUT', path: '/auth/register/phone', fields: ['session_id', 'phone'] },
];

const sessionEndpoints: readonly Endpoint[] = [
  { method: 'GET', path: '/auth/register/session', fields: [] },
  { method: 'POST', path: '/auth/register/session/renew', fields: [] },
  { method: 'DELETE', path: '/auth/register/session', fields: [] },
];

const addresses: readonly Endpoint[] = [
  ...endpoints,
  ...[
    '/healthz',
    '/readyz',
    '/problems/validation_failed',
    '/problems/__proto__',
    '/openapi.json',
    '/docs',
    '/docs/static/index.css',
    '/docs/static/',
    '/redoc',
    '/',
    '/nowhere',
  ].map((path) => ({ method: 'GET', path, fields: [] })),
];

/** Other spellings of an address: each is either the same route or none. */
const spellings: readonly ((path: string) => string)[] = [
  (path) => `/${path}`,
  (path) => path.replaceAll('/', '//'),
  (path) => `${path}/`,
  (path) => path.toUpperCase(),
  (path) => path.replace('e', '%65'),
  (path) => path.replace(/\/(?=[^/]+$)/, '%2f'),
  (path) => `${path}%00`,
  (path) => `${path}%0d%0a${planted}`,
  (path) => `/${planted}/..${path}`,
  (path) => path.replace(/\/(?=[^/]+$)/, '/%2e%2e/'),
  (path) => `${path};${planted}`,
  (path) => `${path}/${planted.repeat(20)}`,
  (path) => `/%${path}`,
  (path) => `${path}%E0%A4%A`,
];
const queries = fc.oneof(
  fc.constantFrom(
    `?${planted}=${planted}`,
    '?__proto__[x]=1',
    `?session_id=${placeholders.freshSession}`,
    '?a=%zz',
    `?${'a&'.repeat(500)}`,
    '#x',
    '?',
  ),
  fc.webQueryParameters().map((text) => `?${text}`),
);

function pathOf(path: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(path) },
    { weight: 1, arbitrary: fc.constantFrom(...spellings).map((spell) => spell(path)) },
    { weight: 1, arbitrary: queries.map((query) => path + query) },
  );
}

const methods = METHODS.filter((method) => method !== 'CONNECT');

/** A request for some address of the service, wrong in some way, or not at all. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .oneof(
    { weight: 7, arbitrary: fc.constantFrom(...endpoints) },
    { weight: 1, arbitrary: fc.constantFrom(...sessionEndpoints) },
    { weight: 2, arbitrary: fc.constantFrom(...addresses) },
  )
  .chain(({ method, path, fields }) =>
    fc.record({
      method: fc.oneof({ weight: 15, arbitrary: fc.constant(method) }, { weight: 1, arbitrary: fc.constantFrom(...methods) }),
      path: pathOf(path),
      headers: hostileHeaders,
      body: fields.length > 0 ? bodyOf(fields) : fc.option(bodyOf(['session_id']), { freq: 3, nil: undefined }),
    }),
  );
