import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeRules } from '../../src/invitations/code.ts';
import { passwordRules } from '../../src/passwords/password-rules.ts';
import { birthdayRules } from '../../src/registration/birthday.ts';
import { nameRules } from '../../src/registration/name.ts';
import { registrationProblems } from '../../src/registration/problems.ts';
import { phoneRules } from '../../src/rules/phone.ts';
import { laterWords } from '../../web/signup/later/words.ts';
import { firstWords } from '../../web/signup/words.ts';

type Table = Readonly<Record<string, readonly [ko: string, en: string]>>;

const words: Table = { ...firstWords, ...laterWords };

test('the page has words for every rule of the fields and every refusal of a sign-up', () => {
  const rules = [nameRules, passwordRules, birthdayRules, phoneRules].flatMap((table) => Object.keys(table));
  const { session_not_found, already_signed_up, session_completed, steps_incomplete, phone_taken } = registrationProblems;
  const problems = [session_not_found, already_signed_up, session_completed, steps_incomplete, phone_taken].map(({ code }) => code);
  const invitations = ['not_found', 'mistyped', 'used', 'expired', 'revoked', 'not_started', 'full', 'phone_mismatch'].map(
    (state) => `invitation_${state}`,
  );
  const codes = [codeRules.code_empty, codeRules.code_invalid].map(({ code }) => code);
  const wanted = [...rules, ...problems, ...invitations, ...codes, 'rate_limited', 'overloaded', 'internal_error', 'https_required'];
  // The region's name is the server's to say.
  const missing = wanted.filter((code) => !(code in words) && code !== 'phone_other_region');
  assert.deepEqual(missing, []);
});

test('no word is in both parts of the table', () => {
  assert.deepEqual(
    Object.keys(firstWords).filter((key) => key in laterWords),
    [],
  );
});

test('the words are plain: no particle in brackets, no apology, the same places to fill in both languages', () => {
  const places = (text: string) => [...new Set(text.match(/\{\w+\}/g)?.map((place) => place.replace('brandTo', 'brand')))].sort();
  for (const [key, [ko, en]] of Object.entries(words)) {
    assert.doesNotMatch(ko, /\([이가을를은는과와]\)|죄송|유효하지 않|휴대전화/, key);
    assert.doesNotMatch(en, /\b(?:please|sorry|valid|invalid)\b/i, key);
    assert.deepEqual(places(ko), places(en), key);
  }
});
