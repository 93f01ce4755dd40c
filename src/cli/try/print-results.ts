import type { Language, Sentence } from '../../problems.ts';
import { translate } from '../messages.ts';
import { type Output, painter } from '../paint.ts';
import { printableJson } from '../printable.ts';
import type { TryReport } from './try-server.ts';

/** What became of one scenario. */
export interface Result {
  readonly name: string;
  /** False for a skipped one too. */
  readonly ok: boolean;
  readonly skipped?: true;
  /** The HTTP status; null if no answer came or nothing was sent. */
  readonly status: number | null;
  readonly milliseconds: number;
  /** Why it failed or was skipped, or a note. */
  readonly message?: string;
}

/** Prints results as they come. */
export interface Printer {
  section(title: string): void;
  result(title: string, result: Result): void;
}

type Outcome = 'passed' | 'failed' | 'skipped';

const marks: Record<Outcome, string> = { passed: '✓', failed: '✗', skipped: '-' };
/** For files and pipes; the words of one language are equally wide. */
const words: Record<Outcome, Sentence> = {
  passed: { ko: '통과', en: 'ok  ' },
  failed: { ko: '실패', en: 'FAIL' },
  skipped: { ko: '생략', en: 'skip' },
};
const colours = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;

const sentences = {
  summary: { ko: '통과 {passed}, 실패 {failed}, 생략 {skipped}', en: '{passed} passed, {failed} failed, {skipped} skipped' },
  unreachable: { ko: '{url}: 서버가 응답하지 않습니다. {reason}.', en: '{url} does not answer: {reason}.' },
} satisfies Record<string, Sentence>;

/** @returns a printer of one line for each scenario. */
export function linePrinter(output: Output, language: Language): Printer {
  const paint = painter(output);
  return {
    section: (title) => output.write(`\n${paint('bold', title)}\n`),
    result(title, result) {
      const outcome = outcomeOf(result);
      const mark = paint(colours[outcome], output.isTTY ? marks[outcome] : words[outcome][language]);
      const message = result.message ? `: ${result.message}` : '';
      const time = result.status === null ? '' : ` ${paint('dim', `(${result.milliseconds} ms)`)}`;
      output.write(`  ${mark} ${title}${message}${time}\n`);
    },
  };
}

/** For `--json`. */
export const silentPrinter: Printer = { section() {}, result() {} };

/** @returns how many scenarios passed, failed and were skipped. */
export function countOutcomes(checks: readonly Result[]): Record<Outcome, number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks) counts[outcomeOf(check)] += 1;
  return counts;
}

/** Writes the last lines. */
export function writeSummary(report: TryReport, output: Output, language: Language): void {
  const counts = countOutcomes(report.checks);
  const line = translate({ sentence: sentences.summary, values: counts }, language);
  output.write(`\n${painter(output)(counts.failed > 0 ? 'red' : 'green', line)}\n`);
  for (const closing of report.closing) output.write(`${closing}\n`);
}

/** @returns what `--json` prints. */
export function reportAsJson({ url, code, checks }: TryReport): string {
  return `${printableJson({ url, code, checks, ...countOutcomes(checks) }, 2)}\n`;
}

/** @returns the one sentence for a server that never answered. */
export function unreachableSentence(report: TryReport, language: Language): string {
  const reason = report.checks.at(-1)?.message ?? '';
  return translate({ sentence: sentences.unreachable, values: { url: report.url, reason } }, language);
}

function outcomeOf({ ok, skipped }: Result): Outcome {
  if (skipped) return 'skipped';
  return ok ? 'passed' : 'failed';
}
