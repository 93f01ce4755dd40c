import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from './read-config.ts';

const refused: readonly (readonly [text: string, sentence: RegExp])[] = [
  ['*', /there is no \* for all or some of them/],
  ['https://*.example.com', /there is no \*/],
  ['null', /"null" stands for every hidden origin/],
  ['example.com', /"example\.com" is not an origin: write it such as https:\/\/app\.example\.com/],
  ['ftp://example.com', /is not an origin/],
  ['https://', /is not an origin/],
  [',', /: write off, or https:\/\/HOST/],
  ['https://a.com;https://b.com', /separate origins by commas/],
  ['https://a.com|https://b.com', /separate origins by commas/],
  ['https://example.com/', /remove the slash at the end of "https:\/\/example\.com\/"/],
  ['https://example.com/app', /"https:\/\/example\.com\/app" has more than an origin: write https:\/\/example\.com\./],
  ['https://example.com?', /has more than an origin/],
  ['https://example.com#a', /has more than an origin/],
  ['https://ann:secret@example.com', /remove the user and the password/],
];

for (const [text, sentence] of refused) {
  test(`CORS_ORIGINS="${text}" is refused: ${sentence.source}`, () => {
    assert.throws(
      () => readConfig({ CORS_ORIGINS: text }),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.mistakes.length, 1, error.message);
        assert.match(error.mistakes[0] ?? '', sentence);
        assert.ok(!error.message.includes('secret'));
        return true;
      },
    );
  });
}

test('each mistake in a list has its own message', () => {
  assert.throws(
    () => readConfig({ CORS_ORIGINS: 'https://good.example, https://a.example/, *' }),
    (error) => error instanceof ConfigError && error.mistakes.length === 2,
  );
});
