import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageFromEnvironment } from './messages.ts';

test('the language follows LC_ALL, then LC_MESSAGES, then LANG', () => {
  assert.equal(languageFromEnvironment({}), 'en');
  assert.equal(languageFromEnvironment({ LANG: 'C.UTF-8' }), 'en');
  assert.equal(languageFromEnvironment({ LANG: 'ko_KR.UTF-8' }), 'ko');
  assert.equal(languageFromEnvironment({ LANG: 'ko' }), 'ko');
  assert.equal(languageFromEnvironment({ LANG: 'kok_IN' }), 'en', 'Konkani is not Korean');
  assert.equal(languageFromEnvironment({ LANG: 'ko_KR', LC_ALL: 'en_US' }), 'en');
  assert.equal(languageFromEnvironment({ LANG: 'en_US', LC_MESSAGES: 'ko_KR', LC_ALL: '' }), 'ko');
});
