import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { generateCodes } from '../../src/invitations/code-generator.ts';
import { isMissedGuess, unknownCode } from '../../src/invitations/problems.ts';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

/** Creates invitations with these codes. */
async function insert(...codes: readonly string[]): Promise<void> {
  await application.query('INSERT INTO "Invitation" (code) SELECT unnest($1::text[])', [codes]);
}

/** @returns the code of the invitation on which a typed code opened a session. */
async function meant(typed: string): Promise<unknown> {
  const { status, body } = await application.verify(typed);
  assert.equal(status, 200, `${JSON.stringify(typed)}: ${body.code}`);
  const sql = `SELECT code FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId" WHERE "sessionId" = $1`;
  return (await application.query(sql, [body.sessionId]))[0]?.code;
}

/** The same code with a different character at one position. */
function misspell(code: string, at = code.length - 1): string {
  return code.slice(0, at) + (code.charAt(at) === '7' ? '8' : '7') + code.slice(at + 1);
}

test('a generated code is found however it is typed', async () => {
  const [code = ''] = generateCodes(1, { prefix: 'SOIL' });
  await insert(code);
  const spellings = [
    code,
    code.toLowerCase(),
    code.replaceAll('-', ''),
    code.replaceAll('-', ' '),
    ` ${code}  `,
    code.replaceAll('-', ' — '),
    code.replaceAll('0', 'O').replaceAll('1', 'l').replace('SOIL', 's0iI'),
    code.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)),
    `\ufeff${code}\u200b`,
  ];
  for (const spelling of spellings) assert.equal(await meant(spelling), code);
});

test('a custom code is found in any case, and in Hangul also if typed as separate letters', async () => {
  await insert('Welcome-2026', '초대-봄.1');
  for (const spelling of ['WELCOME-2026', 'welcome 2026', 'WeLC0ME2O26']) assert.equal(await meant(spelling), 'Welcome-2026');
  for (const spelling of ['초대 봄.1', '초대봄.l', '초대-봄.1'.normalize('NFD')]) assert.equal(await meant(spelling), '초대-봄.1');
  for (const other of ['Welcome_2026', 'Welcome-202', '초대-봄1', '초대-봄.%'])
    assertRefused(await application.verify(other), 404, 'invitation_not_found');
});

test('an exact match comes before all look-alikes', async () => {
  await insert('Twins-1', 'TWINS-1', 'twins-I');
  for (const code of ['Twins-1', 'TWINS-1', 'twins-I']) assert.equal(await meant(code), code);
  await application.query(`UPDATE "Invitation" SET revoked_at = now() WHERE code = 'Twins-1'`);
  assertRefused(await application.verify('Twins-1'), 410, 'invitation_revoked');
});

test('an ambiguous code matches none, and no session is opened', async () => {
  await insert('Pair-O', 'PAIR-0');
  const sessions = async () => (await application.query('SELECT count(*) AS sessions FROM "RegisterSession"'))[0];
  const before = await sessions();
  for (const typed of ['pair-o', 'PAIR0', 'pair 0']) assertRefused(await application.verify(typed), 404, 'invitation_not_found');
  assert.deepEqual(await sessions(), before);
  await application.query(`DELETE FROM "Invitation" WHERE code = 'Pair-O'`);
  assert.equal(await meant('pair-o'), 'PAIR-0');
});

test('a text of only spaces and hyphens matches no code', async () => {
  await insert('-');
  assert.equal(await meant('-'), '-');
  for (const typed of [' ', '\n', '\u200b\u3000']) assertInvalid(await application.verify(typed), 'invitation_code code_empty');
  for (const typed of ['--', ' - ']) assertRefused(await application.verify(typed), 404, 'invitation_not_found');
});

test('one wrong character in a generated code is distinguished from an unknown code', async () => {
  // Of one misspelt code in 32 the part behind the prefix is right by itself: it could be that code behind a word.
  const [code = '', other = ''] = generateCodes(40, { prefix: '봄' }).filter(
    (text) => unknownCode(misspell(text).replaceAll('-', ' ')).kind.code === 'invitation_mistyped',
  );
  await insert(code);
  for (const at of [2, 5, 8, 14, code.length - 1]) assertRefused(await application.verify(misspell(code, at)), 404, 'invitation_mistyped');
  const typed = misspell(code);
  for (const spelling of [typed.toLowerCase(), typed.replaceAll('-', ' '), typed.replaceAll('-', '')]) {
    assertRefused(await application.verify(spelling), 404, 'invitation_mistyped');
  }
  assertRefused(await application.verify(other), 404, 'invitation_not_found');
});

test('a code made elsewhere in groups of five is found, although it has no check character', async () => {
  const code = misspell(generateCodes(1)[0] ?? '');
  await insert(code);
  for (const spelling of [code, code.toLowerCase(), code.replaceAll('-', ' '), code.replaceAll('-', '')])
    assert.equal(await meant(spelling), code);
});

test('an uncounted guess never matches a custom code', async () => {
  await insert('WELCOME2026SPRING');
  assert.equal(await meant('welcome-2026-spring'), 'WELCOME2026SPRING');
  const disguised = 'WELCO-ME202-6SPRI-NG';
  const { body, ...answer } = await application.verify(disguised);
  assertRefused({ ...answer, body }, 404, 'invitation_mistyped');
  assert.equal(isMissedGuess(unknownCode(disguised), disguised), false);
  for (const paidFor of ['WELCOME2026SPRINT', 'WELCOME2026', generateCodes(1)[0] ?? '']) {
    assert.equal(isMissedGuess(unknownCode(paidFor), paidFor), true, paidFor);
  }
});

test('a code that SQL stored with signs of its file is found by typing what is to be seen', async () => {
  const stored: readonly (readonly [code: string, ...typed: string[]])[] = [
    ['LIST-01\r', 'LIST-01', 'list01', 'LIST 01'],
    ['LIST-02\r\n', 'LIST-02'],
    ['\tLIST-03', 'LIST-03', 'list-03'],
    ['LIST\u00a004', 'LIST 04', 'LIST-04', 'list04'],
    ['LIST–05', 'LIST-05', 'LIST–05', 'LIST—05'],
    ['LIST\ufeff-06', 'LIST-06'],
    ['LIST\u200b-07', 'LIST-07'],
    ['\u202aLIST-08\u202c', 'LIST-08', '"LIST-08"'],
    ['ＬＩＳＴ－０９', 'LIST-09', 'ｌｉｓｔ０９'],
    ['초대-10'.normalize('NFD'), '초대-10', '초대10'],
    ['soft\u00adhyphen', 'softhyphen', 'SOFTHYPHEN'],
    ['LIST\u300011', 'LIST 11', 'https://signup.example.com/join#LIST-11'],
    ['LIST\u221212', 'LIST-12'],
    ['Z0ZZ1–ABCDE–FGHJ\r', 'Z0ZZ1-ABCDE-FGHJ', 'zozzl abcde fghj'],
  ];
  await insert(...stored.map(([code]) => code));
  for (const [code, ...spellings] of stored) for (const typed of [code, ...spellings]) assert.equal(await meant(typed), code);
});

const onServer = application.services.database.kind === 'postgresql' ? false : 'the embedded database plans as PostgreSQL does';

test('among 100,000 invitations, and 2,000 sign-ups on one of them, a code is found through indexes', {
  skip: onServer,
}, async (context) => {
  await application.query(`INSERT INTO "Invitation" (code) SELECT 'MANY-' || md5(n::text) FROM generate_series(1, 100000) AS n`);
  // One invitation has all the sign-ups under way.
  await application.query('DELETE FROM "RegisterSession"');
  await application.query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId") SELECT md5(n::text), 1 FROM generate_series(1, 2000) AS n`,
  );
  await application.query('ANALYZE "Invitation", "RegisterSession"');
  const run = context.mock.method(application.services.database, 'run');
  await application.verify('many-nobody');
  const [exact, alike] = run.mock.calls.map((call) => call.arguments[0]);
  run.mock.restore();
  assert.deepEqual([exact?.name, alike?.name], ['registration_open_session', 'registration_open_session_alike']);
  // The generic plan of a prepared statement, which does not know the values.
  await application.query(`SET plan_cache_mode = force_generic_plan`);
  // As the service sets it for its connections.
  await application.query('SET enable_seqscan = off');
  const planOf = async (name: string, text: string | undefined, values: string) => {
    await application.query(`PREPARE ${name} AS ${text}`);
    const lines = await application.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE ${name} (${values})`);
    return lines.map((line) => line['QUERY PLAN']).join('\n');
  };
  const small = await planOf('exactly', exact?.text, `'a', 'b', 60, 'd', 20`);
  assert.match(small, /Invitation_code_key/);
  assert.doesNotMatch(small, /Seq Scan on "Invitation"|Invitation_tolerant_code_idx/);
  assert.match(small, /RegisterSession_invitationId_expires_at_idx/);
  const plan = await planOf('alike', alike?.text, `'a', 'b', 60, 'd', 20, 'c', NULL`);
  for (const index of ['Invitation_code_key', 'Invitation_tolerant_code_idx', 'Invitation_pkey']) assert.ok(plan.includes(index), plan);
  assert.doesNotMatch(plan, /Seq Scan on "Invitation"/);
  assert.match(plan, /RegisterSession_invitationId_expires_at_idx/);
  assert.match(plan, /One-Time Filter/, 'the tolerant lookup is skipped if the exact one found a row');
});
