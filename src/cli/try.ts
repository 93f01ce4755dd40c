import { type Command, Option } from 'commander';
import { type Language, languages } from '../problems.ts';
import { type BaseUrl, parseBaseUrl } from './base-url.ts';
import type { CommandContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { translate } from './messages.ts';
import { countOutcomes, linePrinter, reportAsJson, silentPrinter, unreachableSentence, writeSummary } from './try/print-results.ts';
import { type TryReport, tryServer } from './try/try-server.ts';

interface TryFlags {
  readonly code?: string;
  readonly readOnly?: true;
  readonly language?: Language;
  readonly json?: true;
}

const timeLimitMilliseconds = 10_000;
const opening = { ko: '{url}: 확인을 시작합니다', en: 'Trying {url}' };

/** Adds `chodae try`: a whole sign-up, every endpoint and the error cases against a running server. */
export function addTryCommand(program: Command, context: CommandContext): void {
  program
    .command('try')
    .summary('try a running server: a whole sign-up, every endpoint, the error cases')
    .description(
      'Walks a whole sign-up against a running server, then each endpoint on its own and the error cases. It signs up an invented person, so one code is used up: the first usable one of TEST001 to TEST005, unless --code names another.',
    )
    .argument('[url]', 'address of the server', parseBaseUrl, 'http://127.0.0.1:8000')
    .addOption(new Option('--code <code>', 'sign up with this code').conflicts('readOnly'))
    .option('--read-only', 'only the checks that change nothing')
    .addOption(new Option('--language <language>', 'language of the lines (default: by LANG)').choices(languages))
    .option('--json', 'print one JSON document and nothing else')
    .action((url: BaseUrl, flags: TryFlags) => tryUrl(url, flags, context));
}

async function tryUrl(url: BaseUrl, flags: TryFlags, context: CommandContext): Promise<void> {
  const language = flags.language ?? context.language;
  if (!flags.json) context.stdout.write(`${translate({ sentence: opening, values: { url } }, language)}\n`);
  const report = await tryServer({
    baseUrl: url,
    language,
    timeLimitMilliseconds,
    signal: context.signal,
    code: flags.code,
    readOnly: flags.readOnly ?? false,
    printer: flags.json ? silentPrinter : linePrinter(context.stdout, language),
  });
  if (flags.json) context.stdout.write(reportAsJson(report));
  else printEnd(report, language, context);
  context.exitCode = countOutcomes(report.checks).failed > 0 ? exitCodes.failure : exitCodes.success;
}

function printEnd(report: TryReport, language: Language, { stdout, stderr }: CommandContext): void {
  if (report.reached) writeSummary(report, stdout, language);
  else stderr.write(`${unreachableSentence(report, language)}\n`);
}
