import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Sentence } from '../../problems.ts';
import { importAnswer } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../exit-codes.ts';
import { printResult } from '../output.ts';
import { startProgressLine } from '../progress-line.ts';

interface ImportFlags extends OperatorFlags {
  readonly dryRun?: true;
  readonly asTheyAre?: true;
  readonly update?: true;
}

const sentences = {
  imported: {
    ko: '{lines}줄: 초대 {created}개를 만들었고, {unchanged}개는 이미 있었습니다.',
    en: '{lines} lines: {created} invitations created, {unchanged} there already.',
  },
  tried: {
    ko: '{lines}줄에 문제가 없습니다: 초대 {created}개가 만들어지고, {unchanged}개는 이미 있습니다. 아직 아무것도 만들지 않았습니다.',
    en: '{lines} lines, all in order: {created} invitations would be created, {unchanged} are there already. Nothing was created yet.',
  },
  updated: {
    ko: '{lines}줄: 초대 {created}개를 만들고 {updated}개를 바꿨습니다. {unchanged}개는 그대로입니다.',
    en: '{lines} lines: {created} invitations created, {updated} changed, {unchanged} as they were.',
  },
  updateTried: {
    ko: '{lines}줄에 문제가 없습니다: 초대 {created}개가 만들어지고, {updated}개가 바뀌고, {unchanged}개는 그대로입니다. 아직 아무것도 바꾸지 않았습니다.',
    en: '{lines} lines, all in order: {created} invitations would be created, {updated} changed, {unchanged} are as the file says. Nothing was changed yet.',
  },
  updatedLines: { ko: '바뀌는 줄: {list}', en: 'Lines with changes: {list}' },
  unreadable: { ko: '{file}: 읽을 수 없습니다({reason}).', en: '{file} cannot be read ({reason}).' },
  sent: { ko: '{megabytes} MB를 보냈습니다', en: '{megabytes} MB sent' },
} satisfies Record<string, Sentence>;

/** `chodae invite import <file>` */
export function addInviteImport(invite: Command, context: CommandContext): void {
  const command = invite
    .command('import')
    .description('make an invitation for each line of a CSV file: all of them, or none where a line is wrong')
    .argument('<file>', 'CSV in UTF-8 with a line of column names, such as the export writes; - is stdin')
    .option('--dry-run', 'only say what would be done')
    .option('--update', 'change the invitations whose codes exist to what the file says, in the columns that it has')
    .option('--as-they-are', 'store codes of any characters as the file has them, such as those of another system (admins)');
  addOperatorOptions(command).action((file: string, flags: ImportFlags) =>
    asOperator(context, flags, (operator) => importFile(file, operator, flags)),
  );
}

async function importFile(file: string, operator: Operator, flags: ImportFlags): Promise<void> {
  const { client, say } = operator;
  const content = file === '-' ? operator.stdin : createReadStream(file);
  const line = watch(content, operator);
  try {
    const { body } = await client.request(
      {
        method: 'POST',
        path: '/admin/invitations/import',
        query: { dry_run: flags.dryRun, as_they_are: flags.asTheyAre, update: flags.update },
        upload: { type: 'text/csv', content },
      },
      importAnswer,
    );
    // Missing in the answer of an older service.
    const { lines, created, updated = 0, unchanged, updated_lines = [] } = body;
    line.clear();
    const sentence = flags.update
      ? body.dry_run
        ? sentences.updateTried
        : sentences.updated
      : body.dry_run
        ? sentences.tried
        : sentences.imported;
    const list = `${updated_lines.join(', ')}${updated > updated_lines.length ? ', …' : ''}`;
    printResult(operator, flags.json, body, [
      say(sentence, { lines, created, updated, unchanged }),
      ...(body.dry_run && updated > 0 ? [say(sentences.updatedLines, { list })] : []),
    ]);
  } catch (error) {
    if (error instanceof CommandError || content.errored !== error) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CommandError(say(sentences.unreadable, { file, reason: code }));
  } finally {
    line.clear();
    content.destroy();
  }
}

function watch(content: Readable, { say, stderr }: Operator) {
  const line = startProgressLine(stderr);
  let bytes = 0;
  content.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    line.show(say(sentences.sent, { megabytes: (bytes / 1e6).toFixed(1) }));
  });
  // Listening has set the stream going; it waits until it is sent on.
  content.pause();
  return line;
}
