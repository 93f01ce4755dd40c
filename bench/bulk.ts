import { type Witnessed, witness } from './bystander.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';
import { circumstances, writeSection } from './results-page.ts';

/**
 * Many invitations at once: made, exported, imported. `npm run bench:bulk -- 50000 1000000` measures these numbers of them; `--write` keeps the
 * results in results.md.
 */
const kinds = ['postgresql', 'embedded'] as const;

interface Row extends Witnessed {
  readonly what: string;
  readonly kind: string;
  readonly count: number;
  /** Seconds until everything was stored. */
  readonly stored: number;
}

const words = process.argv.slice(2);
const counts = words.filter((word) => /^\d+$/.test(word)).map(Number);
const rows: Row[] = [];
for (const kind of kinds) for (const count of counts.length > 0 ? counts : [50_000, 1_000_000]) rows.push(...(await measure(kind, count)));
const content = `${circumstances()} \`npm run bench:bulk\`

Meanwhile a client verifies a code every 100 ms. Memory is what the process of the server has (RSS); making, exporting and
importing come one after the other in the same process. PostgreSQL runs on the same machine, with \`fsync\` off.

${table(rows)}`;
console.log(content);
if (words.includes('--write')) writeSection('Bulk', content);

async function measure(kind: (typeof kinds)[number], count: number): Promise<Row[]> {
  const of = { kind, count };
  await using server = await startMeasured(kind);
  const made = await witness(server, () => create(server, count));
  const exported = await witness(server, () => exportAll(server));
  if (exported.result !== count + 1) throw new Error(`${exported.result} of ${count} were exported`);
  const imported = await witness(server, () => importFile(server, count));
  return [
    { what: 'make', ...of, ...made, stored: made.result },
    { what: 'export', ...of, ...exported, stored: exported.seconds },
    { what: 'import', ...of, ...imported, stored: imported.seconds },
  ];
}

/** @returns seconds until the first code came, which is after the commit. */
async function create({ url, authorization }: MeasuredServer, count: number): Promise<number> {
  const begun = performance.now();
  const answer = await fetch(`${url}/admin/invitations/bulk`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ count, campaign: 'bench', valid_for: '7d' }),
  });
  let stored = 0;
  let end = '';
  for await (const text of textOf(answer)) {
    if (stored === 0 && text.includes('"event":"invitation"')) stored = (performance.now() - begun) / 1000;
    end = (end + text).slice(-200);
  }
  if (!end.includes('"event":"done"')) throw new Error(end);
  return stored;
}

/** @returns how many lines there were below the first. */
async function exportAll({ url, authorization }: MeasuredServer): Promise<number> {
  const answer = await fetch(`${url}/admin/invitations/export?format=csv`, { headers: { authorization } });
  let lines = -1;
  for await (const text of textOf(answer)) lines += text.split('\n').length - 1;
  return lines;
}

async function importFile({ url, authorization }: MeasuredServer, count: number): Promise<void> {
  async function* file(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('code,max_uses,valid_for,campaign,note\n');
    for (let line = 0; line < count; line += 1_000) {
      const lines = Array.from(
        { length: Math.min(1_000, count - line) },
        (_, at) => `FILE.${line + at},1,7d,bench,"from a file, line ${line + at}"\n`,
      );
      yield Buffer.from(lines.join(''));
    }
  }
  const headers = { authorization, 'content-type': 'text/csv' };
  const answer = await fetch(`${url}/admin/invitations/import`, { method: 'POST', headers, body: file(), duplex: 'half' } as RequestInit);
  const body = (await answer.json()) as { created?: number };
  if (body.created !== count) throw new Error(JSON.stringify(body));
}

async function* textOf({ body, status }: Response): AsyncGenerator<string> {
  if (!body || status !== 200) throw new Error(`answered with ${status}`);
  for await (const chunk of body) yield Buffer.from(chunk as Uint8Array).toString('latin1');
}

function table(all: readonly Row[]): string {
  const head = [
    'database',
    'what',
    'rows',
    'stored after',
    'rows/s',
    'whole answer',
    'memory: start, peak, end',
    'verify: median, 99 %, longest',
  ];
  const lines = all.map(({ kind, what, count, stored, seconds, memory, verify }) => [
    kind === 'embedded' ? 'embedded' : 'PostgreSQL',
    what,
    count.toLocaleString('en'),
    `${stored.toFixed(1)} s`,
    Math.round(count / stored).toLocaleString('en'),
    `${seconds.toFixed(1)} s`,
    `${memory.start}, ${memory.peak}, ${memory.end} MiB`,
    `${[verify.median, verify.p99, verify.longest].map((one) => one.toLocaleString('en')).join(', ')} ms`,
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
