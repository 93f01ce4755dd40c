import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp, sampleProblems } from '../../test/support/sample-http-app.ts';
import { languages, validationProblems } from '../problems.ts';
import { httpProblems } from './http-problems.ts';
import { addProblemPages } from './problem-pages.ts';
import { createHttpServer } from './server.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp();
});
after(() => sample.app.close());

for (const kind of Object.values({ ...httpProblems, ...validationProblems, ...sampleProblems })) {
  test(`/problems/${kind.code} explains it in every language`, async () => {
    const answer = await sample.app.inject(`/problems/${kind.code}`);
    assert.equal(answer.statusCode, 200);
    const { code, status, title, detail } = kind;
    assert.deepEqual(answer.json(), { code, status, title, detail });
  });
}

test('an unknown code, or the name of an inherited property, is a 404', async () => {
  for (const code of ['canary', 'constructor', '__proto__', 'toString']) {
    const answer = await sample.app.inject(`/problems/${code}`);
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.json().code, 'not_found');
    assert.ok(!answer.body.includes('canary'));
  }
});

test('two catalogues cannot use one code', async () => {
  const app = createHttpServer({ log: sample.app.log, defaultLanguage: 'ko' });
  assert.throws(() => addProblemPages(app, [sampleProblems, sampleProblems]), /sample_gone/);
  assert.throws(() => addProblemPages(app, [httpProblems]), /malformed_json/);
  await app.close();
});

test('every HTTP problem has complete, polite sentences without placeholders', () => {
  for (const { code, title, detail, status, retryAfterSeconds } of Object.values(httpProblems)) {
    for (const language of languages) assert.ok(!/[{}]/.test(title[language] + detail[language]), code);
    assert.match(detail.ko, /(니다|세요)\.$/, code);
    assert.match(detail.en, /^[A-Z].*\.$/, code);
    if (status === 503) assert.ok((retryAfterSeconds ?? 0) >= 1, code);
  }
});
