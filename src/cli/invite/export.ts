import { type Command, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { printResult } from '../output.ts';
import { openOutputFile } from '../output-file.ts';
import { startProgressLine } from '../progress-line.ts';
import { addFilterOptions, type FilterFlags, filterQuery } from './filters.ts';

interface ExportFlags extends OperatorFlags, FilterFlags {
  readonly format?: 'csv' | 'ndjson';
}

const sentences = {
  progress: { ko: '{megabytes} MB를 받았습니다', en: '{megabytes} MB received' },
  written: { ko: '{file}에 {bytes}바이트를 적었습니다.', en: '{bytes} bytes written to {file}.' },
} satisfies Record<string, Sentence>;

/** `chodae invite export [file]` */
export function addInviteExport(invite: Command, context: CommandContext): void {
  const command = invite
    .command('export')
    .description('write invitations to a file: CSV for spreadsheets and the import, or JSON lines')
    .argument('[file]', 'a new file; - is stdout', '-')
    .addOption(new Option('--format <format>', 'default: by the name of the file; csv, or ndjson with --json').choices(['csv', 'ndjson']));
  addFilterOptions(command);
  addOperatorOptions(command).action((file: string, flags: ExportFlags) =>
    asOperator(context, flags, (operator) => exportTo(file, operator, flags)),
  );
}

async function exportTo(file: string, operator: Operator, flags: ExportFlags): Promise<void> {
  const { client, say } = operator;
  const format = flags.format ?? formatFor(file, flags);
  const output = await openOutputFile(file, operator, format);
  const line = startProgressLine(operator.stderr);
  let bytes = 0;
  try {
    const answer = await client.stream({ method: 'GET', path: '/admin/invitations/export', query: { format, ...filterQuery(flags) } });
    for await (const chunk of answer.body) {
      if (!(await output.write(chunk))) return;
      bytes += chunk.length;
      if (file !== '-') line.show(say(sentences.progress, { megabytes: (bytes / 1e6).toFixed(1) }));
    }
    await output.finish();
    line.clear();
    if (file !== '-') printResult(operator, flags.json, { file, format, bytes }, [say(sentences.written, { file, bytes })]);
  } finally {
    line.clear();
    await output.discard();
  }
}

function formatFor(file: string, { json }: ExportFlags): 'csv' | 'ndjson' {
  if (file === '-') return json ? 'ndjson' : 'csv';
  return /\.(?:ndjson|jsonl)$/.test(file) ? 'ndjson' : 'csv';
}
