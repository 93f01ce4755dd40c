import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, configWarnings, type Environment, readConfig } from './read-config.ts';

/** Parts of one password, joined by characters that may break a URL: none may appear in a message, whatever is wrong. */
const parts = ['alphaplant', 'bravoplant', 'charlieplant'] as const;
const joints = ['', '@', '#', '/', '?', '%', '%zz', ':', '&', '=', ' ', '"', '[', '?password=', '?host=', '://', '%40', '%3A'];

const shapes: readonly ((password: string) => string)[] = [
  (password) => `postgresql://ann:${password}@db.example:5432/app`,
  (password) => `postgresql://ann:${password}@db.example:port/app?sslmode=maybe`,
  (password) => `postgresql://ann:${password}@db.example`,
  (password) => `postgresql://ann:${password}@/app`,
  (password) => `postgresql://ann:${password}@/app?host=/run/pg&pgbouncer=x`,
  (password) => `postgresql://ann:${password}`,
  (password) => `postgresql://ann:${password.split('#')[0]}`,
  (password) => `postgresql://:${password}@db.example:6543/app?schema=x`,
  (password) => `postgresql://ann%3A${password}@db.example:0/app`,
  (password) => `postgresql://ann@db.example/app?password=${password}`,
  (password) => `postgresql://ann:other@db.example/app?sslpassword=${password}`,
  (password) => `mysql://ann:${password}@db.example/app`,
  (password) => `ann:${password}@db.example/app`,
  (password) => `host=db.example password=${password}`,
  (password) => `"postgresql://ann:${password}@db.example:5432/app"`,
  (password) => `  postgresql://ann:${password}@db.example:6543/app?pgbouncer=true&x=1`,
  (password) => password,
];

function sentencesFor(environment: Environment): string {
  try {
    return configWarnings(readConfig(environment), environment).join('\n');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
}

/** Variables into which an operator may paste an address. HOST is not secret, but such an address may land there. */
const places: readonly ((url: string) => Environment)[] = [
  (url) => ({ DATABASE_URL: url }),
  (url) => ({ DIRECT_URL: url }),
  (url) => ({ DATABASE_URL: url, DIRECT_URL: url, PORT: 'x' }),
  (url) => (url.trim().startsWith('postgres') ? { HOST: url } : {}),
];

test('no message about the settings contains a part of a password', () => {
  let said = 0;
  for (const first of joints) {
    for (const second of joints) {
      const password = parts[0] + first + parts[1] + second + parts[2];
      for (const environment of shapes.flatMap((shape) => places.map((place) => place(shape(password))))) {
        const sentences = sentencesFor(environment);
        if (sentences !== '') said += 1;
        for (const part of parts) assert.ok(!sentences.includes(part), `${JSON.stringify(environment)} gives\n${sentences}`);
      }
    }
  }
  assert.ok(said > 10_000, `only ${said} of the addresses gave a message`);
});
