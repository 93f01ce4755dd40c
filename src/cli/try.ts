import { type Command, Option } from 'commander';
import { type Language, languages } from '../errors.ts';
import { type BaseUrl, parseBaseUrl } from './base-url.ts';
import { exitCodes } from './exit-codes.ts';
import { untilInterrupted } from './interrupt.ts';
import { languageFromEnvironment, translate } from './messages.ts';
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
export function addTryCommand(program: Command): void {
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
    .action(tryUrl);
}

async function tryUrl(url: BaseUrl, flags: TryFlags): Promise<void> {
  const language = flags.language ?? languageFromEnvironment(process.env);
  const report = await untilInterrupted((signal) => {
    if (!flags.json) process.stdout.write(`${translate({ sentence: opening, values: { url } }, language)}\n`);
    return tryServer({
      baseUrl: url,
      language,
      timeLimitMilliseconds,
      signal,
      code: flags.code,
      readOnly: flags.readOnly ?? false,
      printer: flags.json ? silentPrinter : linePrinter(process.stdout, language),
    });
  });
  if (flags.json) process.stdout.write(reportAsJson(report));
  else tellTheEnd(report, language);
  process.exitCode = countOutcomes(report.checks).failed > 0 ? exitCodes.failure : exitCodes.success;
}

function tellTheEnd(report: TryReport, language: Language): void {
  if (report.reached) writeSummary(report, process.stdout, language);
  else process.stderr.write(`${unreachableSentence(report, language)}\n`);
}
