/** How a million invitations may lie, each as what is inserted for row `n` of `:rows`, with the oldest first. */
export const shapes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'as they come': {
    is_used: 'n % 3 = 0',
    campaign: `'campaign ' || n % 20`,
    expires_at: `now() + (n - :rows * 3 / 4) * interval '1 minute'`,
  },
  'all used': { is_used: 'true', campaign: `'campaign ' || n % 20`, expires_at: `now() - interval '1 day'` },
  'the oldest 3 used': { is_used: 'n <= 3', campaign: `'one'` },
  'the newest 90% expired': {
    expires_at: `now() + CASE WHEN n > :rows / 10 THEN -n ELSE n END * interval '1 minute'`,
    campaign: `CASE WHEN n > :rows / 10 THEN 'ended' ELSE 'one' END`,
  },
  'one campaign with all': { campaign: `'one'`, is_used: 'n % 2 = 0' },
  'all revoked with their campaign': { campaign: `'stopped'`, is_used: 'n % 2 = 0' },
  'thirty revoked campaigns': { campaign: `'stopped ' || n % 40`, is_used: 'n % 2 = 0' },
  'the newest 90% not started': {
    starts_at: `now() + CASE WHEN n > :rows / 10 THEN n ELSE -n END * interval '1 minute'`,
    campaign: `'one'`,
  },
};

const usual: Readonly<Record<string, string>> = {
  code: `'SPRING-' || upper(substr(md5(n::text), 1, 5)) || '-' || upper(substr(md5(n::text), 6, 5)) || '-' || n`,
  created_at: `now() - (:rows - n) * interval '1 second'`,
  note: `'guest ' || n || ' of table ' || n % 1000`,
  batch: `CASE WHEN n <= :rows / 10 THEN '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10'::uuid END`,
  created_by: `'bench'`,
};

/** @returns the statement that fills an empty table in this shape. */
export function filling(shape: string, rows: number): string {
  const columns = { ...usual, ...shapes[shape] };
  const values = Object.values(columns).join(', ').replaceAll(':rows', String(rows));
  return `INSERT INTO "Invitation" (${Object.keys(columns).join(', ')}) SELECT ${values} FROM generate_series(1, ${rows}) AS n`;
}

/** What is asked of each shape; `:middle` stands for a cursor in the middle of all ids. */
export const questions: readonly string[] = [
  '',
  'cursor=:middle',
  'status=usable',
  'status=free',
  'status=held',
  'status=used',
  'status=expired',
  'status=revoked',
  'status=not_started',
  'campaign=one',
  'campaign=one&status=used',
  'campaign=one&status=usable',
  'campaign=stopped&status=used',
  'batch=0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10',
  'created_from=2020-01-01T00:00:00Z&status=used',
  'text=spring-c4ca4',
  'text=guest 7',
  'text=010-2000-1111',
  'limit=500',
];
