import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../src', import.meta.url));
/** Syntax that looks like a call but is not: no function is looked up for it. */
const noFunctions = [
  'values',
  'any',
  'all',
  'in',
  'and',
  'or',
  'not',
  'where',
  'coalesce',
  'nullif',
  'greatest',
  'least',
  'as',
  'then',
  'select',
];
const isTest = (file: string) => file.endsWith('.test.ts');

/** Untyped parameters in the innermost call around them, such as `lower($6)`. */
function untypedArguments(text: string): string[] {
  return (
    [...text.matchAll(/\b([a-z_]+) ?\(([^()]*\$\d+(?!\d|::)[^()]*)\)/gi)]
      // camelCase is a fragment of SQL that TypeScript assembles.
      .filter(([, name = '']) => !/[a-z][A-Z]/.test(name))
      .filter(([, name = '', args = '']) => !noFunctions.includes(name.toLowerCase()) && !/\$\{|^\s*SELECT\b/.test(args))
      .map(([call]) => call)
  );
}

test('every parameter of a function call has a type, so that no overload can match', () => {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !isTest(file));
  // Only SQL: lines that name a table or a clause are in template literals and quotes.
  const found = files.flatMap((file) =>
    [...readFileSync(join(sources, file), 'utf8').matchAll(/[`'][^`']*\b(?:SELECT|INSERT|UPDATE|DELETE)\b[^`]*[`']/g)].flatMap(([text]) =>
      untypedArguments(text).map((call) => `${file}: ${call}`),
    ),
  );
  // A column list is not a call.
  assert.deepEqual(
    found.filter((call) => !/"Invitation" \(|campaigns \(/.test(call)),
    [],
  );
});

test('the rule finds violations', () => {
  assert.deepEqual(untypedArguments('SELECT now() + make_interval(secs => $3), lower($6::text), unnest($1::text[])'), [
    'make_interval(secs => $3)',
  ]);
  assert.deepEqual(untypedArguments('VALUES ($1, $2) ... WHERE id = ANY ($1) AND f($10)'), ['f($10)']);
});
