import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { invitationProblems } from '../../src/invitations/problems.ts';
import { birthdayRules } from '../../src/registration/birthday.ts';
import { registrationProblems } from '../../src/registration/problems.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { beginSignUp, invite } from '../support/sign-up-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

let sessionId: string;
before(async () => {
  sessionId = await beginSignUp(application, await invite(application));
});

/** The default is Korean; `operator-settings.test.ts` has the other one. */
const choices = [
  ['ko', 'ko'],
  ['en', 'en'],
  ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
  ['en-GB,en;q=0.9,ko;q=0.8', 'en'],
  ['en;q=0.4, ko;q=0.5', 'ko'],
  ['fr-FR, en;q=0.1', 'en'],
  ['EN-US', 'en'],
  [undefined, 'ko'],
  ['', 'ko'],
  ['*', 'ko'],
  ['fr, de', 'ko'],
] as const;

for (const [acceptLanguage, language] of choices) {
  test(`Accept-Language ${JSON.stringify(acceptLanguage) ?? '(none)'} is answered in ${language}`, async () => {
    const headers = acceptLanguage === undefined ? {} : { 'accept-language': acceptLanguage };
    const answer = await application.send('POST', '/auth/invitation/verify', { invitation_code: 'no such code' }, headers);
    assertRefused(answer, 404, 'invitation_not_found');
    const { title, detail } = invitationProblems.invitation_not_found;
    assert.deepEqual([answer.body.title, answer.body.detail], [title[language], detail[language]]);
    assert.equal(answer.headers.get('content-language'), language);
    assert.match(String(answer.headers.get('vary')), /accept-language/i);
  });
}

test('the message of each field has the language of the response', async () => {
  const body = { session_id: sessionId, birthday: '1899-12-31' };
  for (const language of ['ko', 'en'] as const) {
    const answer = await application.send('PUT', '/auth/register/birthday', body, { 'accept-language': language });
    const message = birthdayRules.birthday_too_early.message[language].replace('{earliest}', '1900-01-01');
    assert.deepEqual(answer.body.errors, [{ field: 'birthday', code: 'birthday_too_early', message }]);
    const missing = await application.send('PUT', '/auth/register/birthday', {}, { 'accept-language': language });
    const sentences = missing.body.errors?.map((error) => error.message) ?? [];
    assert.equal(sentences.length, 2);
    for (const sentence of [answer.body.detail, ...sentences]) assert.equal(/[가-힣]/.test(String(sentence)), language === 'ko', sentence);
  }
});

test('the language changes only sentences', async () => {
  const phone = (language: string) =>
    application.send('PUT', '/auth/register/phone', { session_id: sessionId, phone: '010-2345-6789' }, { 'accept-language': language });
  const { title, detail, ...rest } = (await phone('ko')).body;
  const { title: englishTitle, detail: englishDetail, ...englishRest } = (await phone('en')).body;
  assert.deepEqual(rest, englishRest);
  assert.deepEqual(rest, { type: '/problems/steps_incomplete', status: 409, code: 'steps_incomplete', missing: ['name', 'birthday'] });
  const sentences = registrationProblems.steps_incomplete;
  assert.deepEqual([title, englishTitle], [sentences.title.ko, sentences.title.en]);
  assert.equal(detail, sentences.detail.ko.replace('{missing}', '이름, 비밀번호, 생년월일'));
  assert.equal(englishDetail, sentences.detail.en.replace('{missing}', 'name, password, birthday'));
});

test('errors before the body is read have a language too', async () => {
  for (const language of ['ko', 'en'] as const) {
    const headers = { 'accept-language': language };
    const answers = [
      await application.send('PUT', '/auth/register/birthday', '{', headers),
      await application.send('GET', '/auth/register/session', undefined, headers),
      await application.send('GET', '/no/such/address', undefined, headers),
      await application.send('GET', '/auth/invitation/verify', undefined, headers),
    ];
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [400, 401, 404, 405],
    );
    for (const { body } of answers) assert.equal(/[가-힣]/.test(`${body.title} ${body.detail}`), language === 'ko');
  }
});
