import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskUrl } from './mask-url.ts';

const cases: readonly (readonly [what: string, text: string, expected: string])[] = [
  ['a password', 'postgresql://ann:secret@db.example:5432/app', 'postgresql://ann:***@db.example:5432/app'],
  ['no password', 'postgresql://ann@db.example:5432/app', 'postgresql://ann@db.example:5432/app'],
  ['an empty password', 'postgresql://ann:@db.example/app', 'postgresql://ann:***@db.example/app'],
  ['several @', 'postgresql://ann:sec@ret@db.example/app', 'postgresql://ann:***@db.example/app'],
  ['/, ? and # in the password', 'postgresql://ann:s/e?c#r@db.example/app', 'postgresql://ann:***@db.example/app'],
  ['a colon in the password', 'postgresql://ann:sec:ret@db.example/app', 'postgresql://ann:***@db.example/app'],
  ['an encoded colon', 'postgresql://ann%3Asecret@db.example/app', 'postgresql://ann%3A***@db.example/app'],
  ['another scheme', 'mysql://ann:secret@db.example/app', 'mysql://ann:***@db.example/app'],
  ['cut off before the @', 'postgresql://ann:sec', 'postgresql://ann:***'],
  ['cut off after an @ of the password', 'postgresql://ann:sec@ret', 'postgresql://ann:***'],
  ['cut off after @/ of the password', 'postgresql://ann:sec@/ret', 'postgresql://ann:***'],
  ['a socket', 'postgresql://ann:secret@/app?host=/run/pg', 'postgresql://ann:***@/app?host=/run/pg'],
  ['a socket without a database', 'postgresql://ann:secret@?host=/run/pg', 'postgresql://ann:***'],
  [
    'a password among the parameters',
    'postgresql://ann@db.example/app?password=secret&x=1',
    'postgresql://ann@db.example/app?password=***',
  ],
  [
    'passwords in both places',
    'postgresql://ann:one@db.example/app?sslpassword=two',
    'postgresql://ann:***@db.example/app?sslpassword=***',
  ],
  ['a parameter inside the password', 'postgresql://ann:s@e?pass=cret@db.example/app', 'postgresql://ann:***'],
  ['an @ in a password among the parameters', 'postgresql://ann@db.example:1/app?password=se@cret', 'postgresql://ann@db.example:***'],
  [
    'an @ and a colon in a password there',
    'postgresql://ann@db.example/app?password=s@cr:t',
    'postgresql://ann@db.example/app?password=***',
  ],
  ['a key among the parameters', 'prisma://accelerate.example/?api_key=eyJhbGci', 'prisma://accelerate.example/?api_key=***'],
  ['a token there', 'postgresql://db.example/app?sslmode=require&token=abc&x=1', 'postgresql://db.example/app?sslmode=require&token=***'],
  ['an unknown parameter', 'https://db.example/?k=abc', 'https://db.example/?k=***'],
  ['no scheme', 'ann:secret@db.example/app', '***'],
  ['keywords and values', 'host=db.example password=secret', '***'],
  ['quotation marks', '"postgresql://ann:secret@db.example/app"', '***'],
  ['an unknown scheme', 'secret://more@db.example/app', '***'],
  ['a bare password', 'secret', '***'],
];

for (const [what, text, expected] of cases) {
  test(`maskUrl: ${what}`, () => assert.equal(maskUrl(text), expected));
}
