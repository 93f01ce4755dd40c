import { setTimeout as delay } from 'node:timers/promises';
import { emptyDatabase } from '../test/support/empty-database.ts';
import { startServer } from '../test/support/server-process.ts';
import { signUpClient } from '../test/support/sign-up-client.ts';
import { storeOperator } from '../test/support/stored-operator.ts';
import { filling } from './listing-shapes.ts';
import { circumstances, writeSection } from './results-page.ts';

/**
 * Sign-ups while operators keep the database busy: a viewer sends many long requests at once, and again as soon as they are answered; meanwhile a
 * code is verified every 200 ms. PostgreSQL, a pool of 10. `npx tsx bench/operators.ts 1000000` (the rows of each table), `--write` keeps the results.
 */
const rows = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 1_000_000);
const seconds = 8;

await using database = await emptyDatabase('postgresql');
const environment = { ...database.environment, LOG_LEVEL: 'silent', BCRYPT_COST: '10', RATE_LIMIT: 'off' };
await using server = await startServer({ environment });
await database.query(filling('as they come', rows));
await database.query(
  `INSERT INTO "User" (name, password, birthday, phone, "invitationId", created_at)
   SELECT 'guest ' || n, 'x', '1990-01-01', '010-' || lpad((n / 10000)::text, 4, '0') || '-' || lpad((n % 10000)::text, 4, '0'), n, now()
   FROM generate_series(1, ${rows}) n`,
);
await database.query(`INSERT INTO "Invitation" (code) VALUES ('BENCH')`);
await database.query('ANALYZE');
const { authorization } = await storeOperator(database.query, 'viewer');
const client = signUpClient(server.url);

/** Sends one request; the client leaves after `goneAfter` milliseconds. @returns the status; 0 where there was none. */
async function ask(path: string, goneAfter?: number): Promise<number> {
  const signal = goneAfter === undefined ? null : AbortSignal.timeout(goneAfter);
  try {
    const response = await fetch(new URL(path, server.url), { headers: { authorization }, signal });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

async function countsUnderWay(): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'chodae' AND state = 'active' AND query LIKE '%count(*)%'`,
  );
  return row?.n ?? 0;
}

const tally = (all: readonly number[]) =>
  [...new Set(all)]
    .sort()
    .map((status) => `${all.filter((one) => one === status).length} × ${status || 'none'}`)
    .join(', ');

async function measure(what: string, crowd: number, path: string, options: { goneAfter?: number; once?: boolean } = {}): Promise<string> {
  const until = performance.now() + seconds * 1000;
  const answers: number[] = [];
  async function operator(): Promise<void> {
    do {
      const status = await ask(path, options.goneAfter);
      answers.push(status);
      if (status === 503) await delay(100);
    } while (!options.once && performance.now() < until);
  }
  const operators = Array.from({ length: crowd }, operator);
  const probes: { status: number; milliseconds: number }[] = [];
  const people: Promise<void>[] = [];
  let left = '';
  const readiness: number[] = [];
  while (performance.now() < until) {
    const begun = performance.now();
    people.push(
      client.verify('BENCH').then(
        ({ status }) => void probes.push({ status, milliseconds: performance.now() - begun }),
        () => void probes.push({ status: 0, milliseconds: performance.now() - begun }),
      ),
    );
    void fetch(new URL('/readyz', server.url)).then(({ status }) => readiness.push(status));
    await delay(200);
    if (options.once && left === '' && performance.now() > until - seconds * 1000 + 1_000) left = String(await countsUnderWay());
  }
  await Promise.all([...operators, ...people]);
  const took = probes.map(({ milliseconds }) => milliseconds).sort((left, right) => left - right);
  const at = (part: number) => Math.round(took[Math.min(took.length - 1, Math.floor(part * took.length))] ?? 0);
  const line = `| ${what} | ${tally(probes.map(({ status }) => status))} | ${at(0.5)}, ${at(1)} ms | ${tally(readiness)} | ${tally(answers)} | ${left} |`;
  console.log(line);
  await delay(3_000);
  return line;
}

const slow = '/admin/invitations/export?text=zzzz';
const lines = [
  await measure('nothing else', 0, ''),
  await measure('20 exports', 20, slow),
  await measure('40 exports', 40, slow),
  await measure('40 × users, `total=exact`', 40, '/admin/users?total=exact&text=zzz'),
  await measure('40 exports, each client gone after 150 ms', 40, slow, { goneAfter: 150, once: true }),
  await measure('the same again and again', 40, slow, { goneAfter: 150 }),
];
const report = `${circumstances()} \`npx tsx bench/operators.ts ${rows}\`

${rows.toLocaleString('en')} invitations and users; a pool of 10. Each line: ${seconds} s in which a viewer repeats so many requests at once, while a code is verified every 200 ms.

| meanwhile | verify | median, longest | /readyz | the viewer's answers | counts still running 1 s after the clients left |
|---|---|---|---|---|---|
${lines.join('\n')}`;
console.log(report);
if (process.argv.includes('--write')) writeSection('Operators', report);
