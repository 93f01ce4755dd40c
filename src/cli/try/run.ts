import type { Language, Sentence } from '../../errors.ts';
import { phrase, type Remark } from '../remark.ts';
import type { Check } from './checks.ts';
import type { Answer, Client, Outcome } from './client.ts';

type CheckLabel = Pick<Check, 'name' | 'title'>;

/** What became of one check. */
export interface Result {
  readonly name: string;
  /** False for a skipped check too: it proved nothing. */
  readonly ok: boolean;
  readonly skipped?: true;
  /** The HTTP status; null where no answer came or nothing was asked. */
  readonly status: number | null;
  readonly milliseconds: number;
  /** Why it failed or was skipped, or what is worth telling. */
  readonly message?: string;
}

/** Told as things happen, for a reader who watches. */
export interface Audience {
  section(title: string): void;
  result(title: string, result: Result): void;
}

/** Ends the run early: nothing that could still be checked would tell anything. */
export class Stopped extends Error {
  readonly remark: Remark;

  constructor(remark: Remark) {
    super('stopped');
    this.remark = remark;
  }
}

export interface Run {
  readonly results: readonly Result[];
  section(remark: Remark): void;
  /** Sends the request of a check and judges the answer. @returns the answer if it was good */
  check(check: Check): Promise<Answer | undefined>;
  /** Checks that build on each other: what follows a failure is skipped. @returns the answers if all were good */
  checkInTurn(checks: readonly Check[]): Promise<Answer[] | undefined>;
  /** Judges what is there already. */
  judge(check: Check, outcome: Outcome): Answer | undefined;
  /** @param reason without one: they build on a check that failed */
  skip(checks: readonly CheckLabel[], reason?: Sentence): void;
  fail(check: CheckLabel, reason: Remark): void;
}

/** A server that fell silent twice in a row is not asked again: every further check would only wait for its time limit. */
const silencesInARow = 2;

export function startRun(client: Client, language: Language, audience: Audience, interrupt?: AbortSignal): Run {
  const results: Result[] = [];
  let silences = 0;

  function add({ name, title }: CheckLabel, result: Omit<Result, 'name' | 'message'>, remark?: Remark): void {
    const whole: Result = { name, ...result, ...(remark && { message: phrase(remark, language) }) };
    results.push(whole);
    audience.result(title[language], whole);
  }

  function judgeSilence(): void {
    silences += 1;
    if (interrupt?.aborted) throw new Stopped({ sentence: reasons.interrupted });
    if (silences >= silencesInARow) throw new Stopped({ sentence: reasons.silent });
  }

  function judge(check: Check, outcome: Outcome): Answer | undefined {
    const { milliseconds } = outcome;
    if (outcome.kind === 'silence') {
      add(check, { ok: false, status: null, milliseconds }, outcome.reason);
      judgeSilence();
      return undefined;
    }
    const objection = check.judge(outcome);
    add(check, { ok: !objection, status: outcome.status, milliseconds }, objection ?? check.note?.(outcome));
    return objection ? undefined : outcome;
  }

  const run: Run = {
    results,
    section: (remark) => audience.section(phrase(remark, language)),
    judge,
    async check(check) {
      const outcome = await client.send(check.request);
      // Only here: what `judge` alone is given may have been answered before the server fell silent.
      if (outcome.kind === 'answer') silences = 0;
      return judge(check, outcome);
    },
    async checkInTurn(checks) {
      const answers: Answer[] = [];
      for (const [position, check] of checks.entries()) {
        const answer = await run.check(check);
        if (!answer) {
          run.skip(checks.slice(position + 1));
          return undefined;
        }
        answers.push(answer);
      }
      return answers;
    },
    skip(checks, reason = reasons.earlier) {
      for (const check of checks) add(check, { ok: false, skipped: true, status: null, milliseconds: 0 }, { sentence: reason });
    },
    fail: (check, reason) => add(check, { ok: false, status: null, milliseconds: 0 }, reason),
  };
  return run;
}

const reasons = {
  earlier: { ko: '앞 단계가 실패해서 건너뜁니다', en: 'left out: it builds on a check that failed' },
  silent: { ko: '서버가 더 답하지 않아 나머지는 하지 않았습니다', en: 'the server stopped answering; the rest was left out' },
  interrupted: { ko: '중단해서 나머지는 하지 않았습니다', en: 'interrupted; the rest was left out' },
} satisfies Record<string, Sentence>;
