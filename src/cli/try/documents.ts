import { type Check, page, statusIs, success } from './checks.ts';
import { getDocument, getPage, paths } from './requests.ts';

/** What a server answers besides the sign-up; reading it changes nothing. */
export const documentChecks: readonly Check[] = [
  {
    name: 'openapi',
    title: { ko: 'OpenAPI 문서 /openapi.json', en: 'OpenAPI document /openapi.json' },
    request: getDocument('/openapi.json'),
    judge: success('openapi 3.x, paths', (body) => String(body.openapi).startsWith('3.') && describesTheContract(body.paths)),
  },
  { name: 'docs', title: { ko: 'Swagger UI /docs', en: 'Swagger UI /docs' }, request: getPage('/docs'), judge: page('text/html') },
  { name: 'redoc', title: { ko: 'ReDoc /redoc', en: 'ReDoc /redoc' }, request: getPage('/redoc'), judge: page('text/html') },
  {
    name: 'healthz',
    title: { ko: '프로세스 상태 /healthz', en: 'process is up /healthz' },
    request: getDocument('/healthz'),
    judge: statusIs(200),
  },
  {
    name: 'readyz',
    title: { ko: '준비 상태 /readyz', en: 'ready for sign-ups /readyz' },
    request: getDocument('/readyz'),
    judge: statusIs(200),
  },
];

function describesTheContract(described: unknown): boolean {
  if (typeof described !== 'object' || described === null) return false;
  return [paths.verify, paths.name, paths.birthday, paths.phone].every((path) => path in described);
}
