import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../config/read-config.ts';
import { openPreviewLinks } from './preview-link.ts';

const open = (url: string) => openPreviewLinks(readConfig({ DATABASE_URL: url }).database);
const now = new Date('2026-06-15T00:00:00.500Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

test('a link works for ten minutes, in every process that has the same database', () => {
  const [one, other] = [open('postgresql://ann:secret@db.example/app'), open('postgresql://bob:secret@db2.example/app')];
  const { token = '', expiresAt } = one.make(now) ?? {};
  assert.equal(expiresAt?.toISOString(), '2026-06-15T00:10:00.000Z');
  assert.deepEqual(
    [0, 599, 600, 86_400].map((seconds) => other.isGood(token, later(seconds))),
    [true, true, false, false],
  );
  assert.ok(!open('postgresql://ann:other@db.example/app').isGood(token, now), 'another password');
});

test('no link is made without the key, and none works longer', () => {
  const links = open('postgresql://ann:secret@db.example/app');
  const { token = '' } = links.make(now) ?? {};
  const [end = '', signature = ''] = token.split('.');
  const wrong = [
    '',
    '.',
    end,
    `${end}.`,
    `${Number(end) + 1}.${signature}`,
    `0${token}`,
    `${end}.${'A'.repeat(43)}`,
    `${end}.${signature.toUpperCase()}`,
    `${token}A`,
    ` ${token}`,
  ];
  for (const text of wrong) assert.ok(!links.isGood(text, now), text);
  const future = links.make(later(3_600))?.token ?? '';
  assert.ok(!links.isGood(future, now), 'made by a clock that is an hour ahead');
});

test('without a password there is no secret, so no link is made or taken', () => {
  const links = open('postgresql://ann@localhost/app');
  assert.equal(links.make(now), undefined);
  assert.ok(!links.isGood(`${Math.floor(now.getTime() / 1000) + 60}.${'A'.repeat(43)}`, now));
});

test('each process with an embedded database has a key of its own', () => {
  const [one, other] = [openPreviewLinks(readConfig({}).database), openPreviewLinks(readConfig({}).database)];
  const { token = '' } = one.make(now) ?? {};
  assert.deepEqual([one.isGood(token, now), other.isGood(token, now)], [true, false]);
});
