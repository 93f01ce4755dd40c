import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { completingStep, stepsBeforeLast } from '../../src/registration/steps.ts';
import { sweptRows } from '../../src/services.ts';
import { sweepRows } from '../../src/sweeping/sweep.ts';
import { type Application, openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { attempts, countsOf, mediansOf, store } from '../support/funnel-model.ts';
import type { Answer } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { storedInvitation } from '../support/stored-rows.ts';

type Counts = Readonly<Record<string, number>>;
interface Funnel {
  readonly campaign: string | null;
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
  readonly totals: Counts;
  readonly median_seconds: Readonly<Record<string, number | null>>;
  readonly days: readonly ({ readonly day: string } & Counts)[];
}

const seoul = await openApplication({ minimumAge: 14 });
const newYork = await openApplication({ timeZone: 'America/New_York' });
after(() => Promise.all([seoul[Symbol.asyncDispose](), newYork[Symbol.asyncDispose]()]));

function ask(application: Application, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return application.send('GET', `/admin/funnel?${new URLSearchParams(query)}`, undefined, bearer(application.services.localKey));
}

async function funnel(application: Application, query: Readonly<Record<string, string>> = {}): Promise<Funnel> {
  const { status, body } = await ask(application, query);
  assert.equal(status, 200, JSON.stringify(body));
  return body as unknown as Funnel;
}

const none = { verified: 0, name: 0, birthday: 0, completed: 0, expired: 0, abandoned: 0, under_way: 0 };
const noTimes = { name: null, birthday: null, phone: null };

/** Moves the finished sign-ups on a code as if they were verified at one moment. */
async function verifyAt({ query }: Application, code: string, moment: string): Promise<void> {
  const names = ['name_at', 'birthday_at', 'ended_at'];
  await query(
    `UPDATE registration_attempts a
     SET verified_at = $2::timestamptz, ${names.map((name) => `${name} = ${name} + ($2::timestamptz - a.verified_at)`).join(', ')}
     FROM "Invitation" i WHERE i.id = a.invitation_id AND i.code = $1`,
    [code, moment],
  );
}

test('each end of a sign-up is counted once, and each step that was reached', async () => {
  const campaign = 'every-end';
  const code = () => invite(seoul, { campaign: `'${campaign}'` });
  assert.equal((await seoul.signUp(await code())).answer.status, 200);
  await beginSignUp(seoul, await code());
  await signUpToLastStep(seoul, await code());
  await seoul.send('DELETE', '/auth/register/session', undefined, bearer(await beginSignUp(seoul, await code())));
  const tooYoung = await seoul.birthday(await beginSignUp(seoul, await code()), new Date().toISOString().slice(0, 10));
  assert.equal(tooYoung.status, 422);
  const { sessionId } = await signUpToLastStep(seoul, await code());
  await expireSession(seoul, sessionId);

  const counted = { verified: 6, name: 3, birthday: 3, completed: 1, expired: 1, abandoned: 2, under_way: 2 };
  const before = await funnel(seoul, { campaign });
  assert.deepEqual(before.totals, counted);
  assert.deepEqual(
    before.days.filter((day) => day.verified !== 0).map(({ day: _, ...counts }) => counts),
    [counted],
  );
  assert.equal(before.days.length, 30);
  await sweepRows(seoul.services.database, sweptRows(seoul.services.config));
  assert.deepEqual((await funnel(seoul, { campaign })).totals, counted, 'sweeping changes nothing');
});

test('a session that the original opened is not counted, alive, expired or completed', async () => {
  const campaign = 'upgraded';
  const { sessionId, person } = await signUpToLastStep(seoul, await invite(seoul, { campaign: `'${campaign}'` }));
  await seoul.query(`UPDATE "RegisterSession" SET network_key = NULL WHERE "sessionId" = $1`, [sessionId]);
  assert.deepEqual((await funnel(seoul, { campaign })).totals, none);
  assert.equal((await seoul.phone(sessionId, person.phone)).status, 200);
  assert.deepEqual((await funnel(seoul, { campaign })).totals, none);
});

/** [application, range, verified at, the day that counts it]: both sides of a midnight, and the ends of days with 23 and 25 hours. */
const midnights = [
  [seoul, '2026-01-01', '2026-01-02', '2026-01-01T14:59:59.999Z', '2026-01-01'],
  [seoul, '2026-01-01', '2026-01-02', '2026-01-01T15:00:00Z', '2026-01-02'],
  [seoul, '2026-01-01', '2026-01-02', '2025-12-31T15:00:00Z', '2026-01-01'],
  [newYork, '2026-03-07', '2026-03-09', '2026-03-08T04:59:59.999Z', '2026-03-07'],
  [newYork, '2026-03-07', '2026-03-09', '2026-03-08T05:00:00Z', '2026-03-08'],
  [newYork, '2026-03-07', '2026-03-09', '2026-03-09T03:59:59.999Z', '2026-03-08'],
  [newYork, '2026-03-07', '2026-03-09', '2026-03-09T04:00:00Z', '2026-03-09'],
  [newYork, '2025-11-01', '2025-11-03', '2025-11-02T03:59:59.999Z', '2025-11-01'],
  [newYork, '2025-11-01', '2025-11-03', '2025-11-03T04:59:59.999Z', '2025-11-02'],
  [newYork, '2025-11-01', '2025-11-03', '2025-11-03T05:00:00Z', '2025-11-03'],
] as const;

for (const [index, [application, from, to, moment, day]] of midnights.entries()) {
  const zone = application === seoul ? 'Asia/Seoul' : 'America/New_York';
  test(`a sign-up verified at ${moment} belongs to ${day} in ${zone}, whenever it continued`, async () => {
    const campaign = `midnight-${index}`;
    const code = await invite(application, { campaign: `'${campaign}'` });
    assert.equal((await application.signUp(code)).answer.status, 200);
    await verifyAt(application, code, moment);
    // The next day, before the session's 24 hours are over.
    await application.query(
      `UPDATE registration_attempts a SET ended_at = ended_at + interval '23 hours 59 minutes' FROM "Invitation" i
       WHERE i.id = a.invitation_id AND i.code = $1`,
      [code],
    );
    const { days, totals, time_zone } = await funnel(application, { campaign, from, to });
    assert.equal(time_zone, zone);
    assert.deepEqual(
      days.filter((one) => one.verified !== 0).map((one) => [one.day, one.verified, one.completed]),
      [[day, 1, 1]],
    );
    assert.deepEqual([totals.verified, days[0]?.day, days.at(-1)?.day], [1, from, to]);
  });
}

test('a sign-up verified outside the range is not counted, whatever happened in it', async () => {
  const campaign = 'outside';
  const code = await invite(seoul, { campaign: `'${campaign}'` });
  assert.equal((await seoul.signUp(code)).answer.status, 200);
  await verifyAt(seoul, code, '2026-01-01T14:59:59.999Z');
  const outside = { ...none };
  assert.deepEqual((await funnel(seoul, { campaign, from: '2026-01-02', to: '2026-01-02' })).totals, outside);
  assert.deepEqual((await funnel(seoul, { campaign, from: '2025-12-31', to: '2026-01-01T14:59:59.999Z' })).totals, outside);
  assert.equal((await funnel(seoul, { campaign, from: '2025-12-31', to: '2026-01-01T15:00:00Z' })).totals.completed, 1);
});

test('the numbers match a model, for any sign-ups, by day and in total', async () => {
  const [from, to] = ['2026-03-07', '2026-03-09'];
  const [first, end] = [Date.parse('2026-03-07T05:00:00Z'), Date.parse('2026-03-10T04:00:00Z')];
  const ids = new Map<string | null, number>();
  for (const campaign of ['spring', 'autumn', null]) {
    const code = await invite(newYork, campaign === null ? {} : { campaign: `'${campaign}'` });
    ids.set(campaign, Number((await storedInvitation(newYork, code)).id));
  }
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/New_York' });

  await fc.assert(
    fc.asyncProperty(attempts(first - 86_400_000, end + 86_400_000), fc.constantFrom('spring', null), async (all, campaign) => {
      await store(newYork, all, ids);
      const counted = all.filter((one) => one.verified >= first && one.verified < end && (!campaign || one.campaign === campaign));
      const answer = await funnel(newYork, { from, to, ...(campaign && { campaign }) });
      assert.deepEqual(answer, {
        campaign,
        from: new Date(first).toISOString(),
        to: new Date(end).toISOString(),
        time_zone: 'America/New_York',
        totals: countsOf(counted),
        median_seconds: mediansOf(counted),
        days: ['2026-03-07', '2026-03-08', '2026-03-09'].map((date) => ({
          day: date,
          ...countsOf(counted.filter((one) => day.format(one.verified) === date)),
        })),
      });
      assert.deepEqual(await funnel(newYork, { from, to, by: 'none', ...(campaign && { campaign }) }), { ...answer, days: [] });
    }),
    { numRuns: 60 },
  );
});

test('the names of the counts come from the table of steps', async () => {
  const { totals, median_seconds } = await funnel(seoul, { by: 'none' });
  const names = stepsBeforeLast.map((step) => step.name);
  assert.deepEqual(Object.keys(totals), ['verified', ...names, 'completed', 'expired', 'abandoned', 'under_way']);
  assert.deepEqual(Object.keys(median_seconds), [...names, completingStep.name]);
});

test('an unknown campaign counts zero', async () => {
  const { totals, median_seconds, campaign } = await funnel(seoul, { campaign: '모르는 캠페인' });
  assert.deepEqual({ totals, median_seconds, campaign }, { totals: none, median_seconds: noTimes, campaign: '모르는 캠페인' });
});

test('by default it counts the last 30 days until now', async () => {
  const campaign = 'just-now';
  const code = await invite(seoul, { campaign: `'${campaign}'` });
  await beginSignUp(seoul, code);
  const { totals, days, from } = await funnel(seoul, { campaign });
  assert.equal(totals.under_way, 1);
  assert.equal(days.at(-1)?.under_way, 1);
  assert.deepEqual([days.length, days[0]?.day], [30, new Date(Date.parse(from) + 9 * 3_600_000).toISOString().slice(0, 10)]);
});

test('an invalid query is refused by field', async () => {
  assertInvalid(await ask(seoul, { from: '2026-02-29' }), 'from moment_format');
  assertInvalid(await ask(seoul, { to: 'yesterday' }), 'to moment_format');
  assertInvalid(await ask(seoul, { from: '2026-01-02', to: '2026-01-01' }), 'from range_backwards');
  assertInvalid(await ask(seoul, { from: '2024-01-01', to: '2025-01-01' }), 'from range_too_long');
  assertInvalid(await ask(seoul, { from: '9999-12-31' }), 'from range_bound_year');
  assertInvalid(await ask(seoul, { by: 'week' }), 'by invalid_value');
  assertInvalid(await ask(seoul, { campaign: '' }), 'campaign campaign_empty');
  assertInvalid(await ask(seoul, { campaign: 'a\0b' }), 'campaign campaign_characters');
  assertInvalid(await ask(seoul, { campaign: 'x'.repeat(5_000) }), 'campaign campaign_too_long');
  const twice = await seoul.send('GET', '/admin/funnel?by=day&by=none', undefined, bearer(seoul.services.localKey));
  assertInvalid(twice, 'by invalid_value');
});

test('any query is answered or refused, never a 500', async () => {
  const odd = fc.oneof(fc.string({ unit: 'binary', maxLength: 70 }), fc.date({ noInvalidDate: true }).map(String));
  const moments = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const query = fc.record(
    { from: fc.oneof(odd, moments), to: fc.oneof(odd, moments), by: fc.oneof(odd, fc.constant('none')), campaign: odd },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(query, async (asked) => {
      const { status } = await ask(seoul, asked);
      assert.ok([200, 422].includes(status), String(status));
    }),
    { numRuns: 200 },
  );
});

test('it requires a key', async () => {
  assertRefused(await seoul.send('GET', '/admin/funnel'), 401, 'operator_key_required');
});

test('it contains no personal data, code or session id', async () => {
  const code = await invite(seoul, { campaign: `'private'` });
  const { person, sessionId } = await seoul.signUp(code, { birthday: '1987-06-05' });
  const text = JSON.stringify((await ask(seoul)).body);
  const secrets = [person.name, person.birthday, person.phone, person.phone.replaceAll('-', ''), String(sessionId), code];
  for (const secret of secrets) assert.equal(text.includes(secret), false);
});
