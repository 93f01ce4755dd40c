import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { problemCatalogues } from '../../src/app.ts';
import { schemaRules } from '../../src/http/field-messages.ts';
import { httpProblems } from '../../src/http/http-problems.ts';
import { csvRules } from '../../src/invitations/bulk/import/csv-rules.ts';
import { importRules } from '../../src/invitations/bulk/import/import-rules.ts';
import { labelRules } from '../../src/invitations/campaign-and-note.ts';
import { manyRules } from '../../src/invitations/changing/change-many.ts';
import { codeRules } from '../../src/invitations/code.ts';
import { searchRules } from '../../src/invitations/listing/list-filters.ts';
import { invitationLifeRules } from '../../src/invitations/resolve-validity.ts';
import { keyLabelRules } from '../../src/operators/key-label.ts';
import { pagingRules } from '../../src/paging/cursor.ts';
import { passwordRules } from '../../src/passwords/password-rules.ts';
import { type FieldRule, type ProblemKind, validationProblems } from '../../src/problems.ts';
import { birthdayRules } from '../../src/registration/birthday.ts';
import { nameRules } from '../../src/registration/name.ts';
import { funnelRules } from '../../src/registration/progress/funnel-range.ts';
import { phoneRules } from '../../src/rules/phone.ts';
import { lifeSpanRules } from '../../src/rules/validity.ts';

const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8');

/** @returns the rows of the table under a heading, without its two header lines. */
function tableUnder(heading: string): string {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).join('\n');
}

const row = (...cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;

test('docs/reference/errors.md lists every refusal of the program', () => {
  const kinds: ProblemKind[] = [...problemCatalogues, validationProblems, httpProblems].flatMap((catalogue) => Object.values(catalogue));
  kinds.sort((left, right) => left.status - right.status || left.code.localeCompare(right.code));
  const table = kinds.map(({ status, code, detail }) => row(status, `\`${code}\``, detail.en)).join('\n');
  assert.equal(tableUnder('Refusals'), table, `the table should be:\n${table}`);
});

test('docs/reference/errors.md lists every rule of a field', () => {
  const catalogues: readonly Readonly<Record<string, FieldRule>>[] = [
    schemaRules,
    codeRules,
    nameRules,
    passwordRules,
    birthdayRules,
    phoneRules,
    labelRules,
    lifeSpanRules,
    invitationLifeRules,
    manyRules,
    csvRules,
    importRules,
    pagingRules,
    searchRules,
    funnelRules,
    keyLabelRules,
  ];
  const rules = catalogues.flatMap((catalogue) => Object.values(catalogue));
  const table = rules.map(({ code, message }) => row(`\`${code}\``, message.en)).join('\n');
  assert.equal(tableUnder('Fields'), table, `the table should be:\n${table}`);
});

test('every sentence exists in Korean and in English, with the same placeholders', () => {
  const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
  const kinds = [...problemCatalogues, validationProblems, httpProblems].flatMap((catalogue) => Object.values(catalogue));
  for (const sentence of kinds.flatMap((kind) => [kind.title, kind.detail])) {
    assert.match(sentence.ko, /[가-힣]/, sentence.en);
    assert.doesNotMatch(sentence.en, /[가-힣]/, sentence.en);
    assert.deepEqual(placeholders(sentence.ko), placeholders(sentence.en), sentence.en);
  }
});
