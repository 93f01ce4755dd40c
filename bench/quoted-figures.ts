import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Results } from './results-page.ts';
import { figuresOf, median, ratio } from './rounds.ts';

/** The READMEs that quote figures, between two comments. */
export const readmes = { en: 'README.md', ko: 'README.ko.md' } as const;

const begin = '<!-- figures of bench/results.json -->';
const end = '<!-- end of figures -->';

/** @returns the lines that the README in this language quotes: three figures of the results. */
export function quotedFigures({ parts }: Results, language: keyof typeof readmes): string {
  const figures = (part: string, row: string, figure: string) => figuresOf(parts[part]?.rows ?? [], row, figure);
  const number = (values: readonly number[], digits: number) =>
    values.length === 0 ? '–' : median(values).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const own = 'Chodae as delivered';
  const one = 'the original, one worker';
  const two = 'the original, two workers';
  const verify = [figures('verify', own, 'rate'), figures('verify', one, 'rate')] as const;
  const signUps = [figures('sign-ups', own, 'rate'), figures('sign-ups', two, 'rate')] as const;
  const flood = [figures('flood', own, 'p99'), figures('flood', two, 'p99')] as const;
  const hashing = number(ratio(signUps[0], figures('sign-ups', 'raw bcrypt on all cores', 'rate')), 2);
  const lines = {
    en: [
      '| | Chodae | the original, rebuilt |',
      '|---|---:|---:|',
      `| codes verified per second, one process each | ${number(verify[0], 0)} | ${number(verify[1], 0)} |`,
      `| whole sign-ups per second (${hashing} of what bcrypt alone allows), two workers | ${number(signUps[0], 2)} | ${number(signUps[1], 2)} |`,
      `| response time of 99 % of verifications during a flood of passwords, two workers | ${number(flood[0], 0)} ms | ${number(flood[1], 0)} ms |`,
    ],
    ko: [
      '| | Chodae | 원본(재구현) |',
      '|---|---:|---:|',
      `| 초당 초대 코드 검증 수(프로세스 1개) | ${number(verify[0], 0)} | ${number(verify[1], 0)} |`,
      `| 초당 회원가입 완료 수(bcrypt 단독 처리량의 ${hashing}배, 원본은 워커 2개) | ${number(signUps[0], 2)} | ${number(signUps[1], 2)} |`,
      `| 비밀번호 요청이 몰릴 때 검증의 99% 응답 시간(원본은 워커 2개) | ${number(flood[0], 0)} ms | ${number(flood[1], 0)} ms |`,
    ],
  };
  return lines[language].join('\n');
}

/** @returns what a README has between the comments. */
export function figuresIn(text: string): string | undefined {
  const [, after] = text.split(begin);
  return after?.split(end)[0]?.trim();
}

/** Puts the figures of the results into the READMEs. */
export function writeQuotedFigures(results: Results): void {
  for (const [language, name] of Object.entries(readmes) as [keyof typeof readmes, string][]) {
    const file = fileURLToPath(new URL(`../${name}`, import.meta.url));
    const text = readFileSync(file, 'utf8');
    const quoted = figuresIn(text);
    if (quoted === undefined) throw new Error(`${name} has no place for the figures: ${begin} … ${end}`);
    writeFileSync(
      file,
      text.replace(`${begin}\n${quoted}\n${end}`, () => `${begin}\n${quotedFigures(results, language)}\n${end}`),
    );
  }
}
