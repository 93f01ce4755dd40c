import fc from 'fast-check';
import { placeholders, planted } from './hostile-values.ts';

const json = 'application/json';
const mediaTypes = [
  json,
  json,
  json,
  json,
  json,
  json,
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'APPLICATION/JSON',
];
const oddMediaTypes = [
  'text/plain',
  `application/json ${planted}`,
  'application/json, text/plain',
  'application/json;',
  'application/vnd.api+json',
  `multipart/form-data; boundary=${planted}`,
  'application/x-www-form-urlencoded',
  '/',
  '*/*',
  `a/${'b'.repeat(500)}`,
];
const headerText = fc
  .string({ unit: fc.constantFrom(...'abcZ019 ,;=-_*/"\\()<>@:?[]{}~%\'\xe9\xff'), maxLength: 60 })
  .map((text) => text.trim());

const otherHeaders: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-encoding',
    'content-encoding',
    'cookie',
    'origin',
    'referer',
    'user-agent',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-http-method-override',
    'x-request-id',
    'forwarded',
    'range',
    'if-none-match',
    'te',
    'upgrade',
    'expect',
    'sec-fetch-site',
    'x-original-url',
    'prefer',
    'accept-version',
  ),
  fc.oneof(
    fc.constantFrom(planted, 'gzip', 'identity', 'DELETE', '*', 'bytes=0-', 'https', `${planted}, 127.0.0.1`, 'null', '100-continue'),
    headerText,
  ),
  { maxKeys: 4 },
);
const languages = fc.oneof(
  fc.constantFrom(
    'ko',
    'en',
    'fr;q=1, en;q=0',
    '*',
    ';;;q=',
    planted,
    'ko-'.repeat(300),
    'a,'.repeat(2_000),
    'en;q=1e400',
    '-'.repeat(900),
  ),
  headerText,
);
const authorizations = fc.oneof(
  fc.constant(`Bearer ${placeholders.freshSession}`),
  fc
    .constantFrom(placeholders.freshSession, placeholders.readySession, placeholders.completedSession, planted, 'x'.repeat(129))
    .map((id) => `Bearer ${id}`),
  fc.constantFrom(
    `bearer   ${placeholders.freshSession} `,
    `Bearer ${placeholders.freshSession} x`,
    'Bearer',
    `Basic ${planted}`,
    `Bearer ${' '.repeat(900)}x y`,
  ),
  headerText,
);
/** Mostly JSON, besides what other programs send. */
export const hostileHeaders: fc.Arbitrary<Record<string, string>> = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...mediaTypes) }, { weight: 1, arbitrary: fc.constantFrom(...oddMediaTypes, '') }),
    fc.option(languages, { nil: undefined }),
    fc.option(authorizations, { nil: undefined }),
    fc.option(otherHeaders, { freq: 2, nil: {} }),
  )
  .map(([type, language, authorization, others]) => ({
    ...others,
    ...(type !== '' && { 'content-type': type }),
    ...(language !== undefined && { 'accept-language': language }),
    ...(authorization !== undefined && { authorization }),
  }));
