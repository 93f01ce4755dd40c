import { originalSql } from './original-database.ts';
import type { Ask } from './unmigrated-database.ts';

/** What `bcrypt.using(rounds=12).hash('securePass123!')` of passlib is like. */
export const passlibHash = { password: 'securePass123!', hash: '$2b$12$d2esKW.jTE.uxYWzD2wBf.ya7J4pTfbvI6yh8SwoF1Isai6SLJaRq' };

/** Half-done sign-ups that the original left behind, by how far they came; the original's ids are `uuid4().hex`. */
export const halfDone = {
  verified: '932b5ec0b21b4f4ea1d1f3d2f3e0a001',
  named: '932b5ec0b21b4f4ea1d1f3d2f3e0a002',
  born: '932b5ec0b21b4f4ea1d1f3d2f3e0a003',
  namedAndBorn: '932b5ec0b21b4f4ea1d1f3d2f3e0a004',
  /** The original stores the phone number before it asks for the other steps. */
  phoneFirst: '932b5ec0b21b4f4ea1d1f3d2f3e0a005',
  emptyTexts: '932b5ec0b21b4f4ea1d1f3d2f3e0a006',
  onUsedCode: '932b5ec0b21b4f4ea1d1f3d2f3e0a007',
  onDeletedCode: '932b5ec0b21b4f4ea1d1f3d2f3e0a008',
  withHyphens: '932b5ec0-b21b-4f4e-a1d1-f3d2f3e0a009',
} as const;

/** The invitation of each half-done sign-up is `half-<its name>`, but for those that need another one. */
export const usedCode = 'already used';

const oddTexts = [
  '',
  ' ',
  '  around  ',
  'TEST001 ',
  `O'Brien said "no"`,
  'back\\slash\\',
  'two\nlines\r\nand a\ttab',
  '초대-코드-하나',
  '초대'.normalize('NFD'),
  '🎟️ 𠮷野家',
  '\u{10FFFF}',
  '\u202Eedoc',
  '\'; DROP TABLE "User"; --',
  'NULL',
  // As much as an index takes of text that cannot be compressed.
  Array.from({ length: 2600 }, (_, index) => String.fromCharCode(33 + ((index * index * 31 + index * 7) % 90))).join(''),
];
const longText = `길다 ${'가나다라마바사 '.repeat(20_000)}끝`;

/** Fills the original's tables with what years of use leave behind. */
export async function fillOriginalTables(ask: Ask): Promise<void> {
  const add = (code: string, isUsed = false, usedBy: number | null = null) =>
    ask<{ id: number }>('INSERT INTO "Invitation" (code, is_used, used_by) VALUES ($1, $2, $3) RETURNING id', [code, isUsed, usedBy]);
  for (const sql of [originalSql.addOneCode, originalSql.resetOneCode, originalSql.addOrResetOneCode, originalSql.addFiveCodes])
    await ask(sql);
  // Rows that are gone leave gaps in the ids.
  for (let gap = 0; gap < 3; gap += 1) await ask('DELETE FROM "Invitation" WHERE id = $1', [(await add(`gap ${gap}`))[0]?.id]);
  for (const text of oddTexts) await add(text);
  for (const name of Object.keys(halfDone)) await add(`half-${name}`);

  const addUser = (name: string, password: string, birthday: string, phone: string, invitation: number) =>
    ask<{ id: number }>('INSERT INTO "User" (name, password, birthday, phone, "invitationId") VALUES ($1, $2, $3, $4, $5) RETURNING id', [
      name,
      password,
      birthday,
      phone,
      invitation,
    ]);
  for (const text of oddTexts) await addUser(text, passlibHash.hash, text, text, -1);
  await ask('DELETE FROM "User" WHERE id IN (2, 3)');
  await addUser(longText, passlibHash.hash, '1990-01-01', longText, 0);
  const [user] = await addUser('홍길동', passlibHash.hash, '1990-01-01', '010-1234-5678', 1);
  await add(usedCode, true, user?.id);
  await add('used by nobody', true);
  await add('used by somebody deleted', true, 3);
  await add('not used, yet by somebody', false, 1);
  await fillSessions(ask);
}

async function fillSessions(ask: Ask): Promise<void> {
  const add = (sessionId: string, code: string, values: readonly (string | null)[]) =>
    ask(
      `INSERT INTO "RegisterSession" ("sessionId", "invitationId", name, password, birthday, phone)
       SELECT $1, coalesce((SELECT id FROM "Invitation" WHERE code = $2), 987654), $3, $4, $5, $6`,
      [sessionId, code, ...values],
    );
  const { hash } = passlibHash;
  await add(halfDone.verified, 'half-verified', [null, null, null, null]);
  await add(halfDone.named, 'half-named', ['김하나', hash, null, null]);
  await add(halfDone.born, 'half-born', [null, null, '1991-02-03', null]);
  await add(halfDone.namedAndBorn, 'half-namedAndBorn', ['이둘 🙂', hash, '1992-03-04', null]);
  await add(halfDone.phoneFirst, 'half-phoneFirst', [null, null, null, '010-9999-0000']);
  await add(halfDone.emptyTexts, 'half-emptyTexts', ['', hash, '', '']);
  await add(halfDone.onUsedCode, usedCode, ['홍길동', hash, '1990-01-01', '010-1234-5678']);
  await add(halfDone.onDeletedCode, 'no such code', ['박셋', hash, '1993-04-05', null]);
  await add(halfDone.withHyphens, 'half-withHyphens', ['최넷', hash, '1994-05-06', null]);
  await add('', 'half-verified', [longText, hash, oddTexts.join('|'), null]);
}
