import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sweptRows } from '../../src/services.ts';
import { sweepRows } from '../../src/sweeping/sweep.ts';
import { openApplication } from '../support/application.ts';
import { bearer, beginSignUp, expireSession, invite } from '../support/sign-up-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;

/** Functions of ours or of PostgreSQL with parameters that match an uncast value, or a value of any type, better than the real ones. */
const overloads = [
  'make_interval(secs text)',
  'make_interval(secs integer)',
  'chodae_hold_seat(text, text, text, text)',
  'chodae_hold_seat(double precision, text, double precision, text)',
  'chodae_open_seat_session(double precision, text, double precision)',
  'array_remove(text[], text)',
  'convert_to(text, text)',
  'nextval(text)',
  'width_bucket(timestamptz, timestamptz[])',
  'percentile_cont(numeric)',
];

async function overload(): Promise<void> {
  for (const signature of overloads) {
    await query(
      `CREATE FUNCTION public.${signature} RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'another function was called'; END $$`,
    );
  }
  await query(`CREATE FUNCTION public.count_step(bigint, timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$`);
  await query('CREATE AGGREGATE public.count(timestamptz) (SFUNC = public.count_step, STYPE = bigint, INITCOND = 0)');
}

test('a function of the same name in our schema is never called, whatever its parameters', async () => {
  await overload();
  const [single, several] = [await invite(application), await invite(application, { max_uses: '3' })];
  for (const code of [single, several, several]) assert.equal((await application.signUp(code)).answer.status, 200, code);
  const held = [await invite(application, { max_uses: '2' })][0] ?? '';
  const sessions = [await beginSignUp(application, held), await beginSignUp(application, held)];
  assert.equal((await application.verify(held)).body.code, 'invitation_full');
  const operator = bearer(application.services.localKey);
  for (const path of ['/admin/sessions', '/admin/funnel?by=day', `/admin/sessions?campaign=x`]) {
    const { status, body } = await application.send('GET', path, undefined, operator);
    assert.equal(status, 200, JSON.stringify(body));
  }
  await application.send('DELETE', '/auth/register/session', undefined, bearer(String(sessions[0])));
  await expireSession(application, String(sessions[1]));
  const { failed } = await sweepRows(
    application.services.database,
    sweptRows(application.services.config).filter(({ name }) => ['sessions', 'receipts', 'moved_events', 'attempts'].includes(name)),
  );
  assert.deepEqual(failed, {});
});

test("our functions set their own search path, so temporary tables and the caller's path have no effect", async () => {
  const rows = await query<{ name: string; path: string }>(
    `SELECT proname AS name, array_to_string(proconfig, ';') AS path FROM pg_proc WHERE proname LIKE 'chodae\\_%' AND (prorettype = 'record'::regtype OR proname = 'chodae_move_events') ORDER BY 1`,
  );
  assert.deepEqual(rows, [
    { name: 'chodae_hold_seat', path: 'search_path=pg_catalog, public, pg_temp' },
    { name: 'chodae_move_events', path: 'search_path=pg_catalog, public, pg_temp' },
    { name: 'chodae_open_seat_session', path: 'search_path=pg_catalog, public, pg_temp' },
  ]);
});
