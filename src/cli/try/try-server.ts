import type { Sentence } from '../../errors.ts';
import { testCodes } from '../../invitations/seed-test-codes.ts';
import type { BaseUrl } from '../base-url.ts';
import { phrase, type Remark } from '../remark.ts';
import { type ClientOptions, createClient, type Silence } from './client.ts';
import { chooseCodes, goodCode, type ShownCode } from './codes.ts';
import { documentChecks } from './documents.ts';
import { ownSessionChecks } from './own-session.ts';
import { inventPerson } from './person.ts';
import { refusalChecks } from './refusals.ts';
import { getDocument, verifyCode } from './requests.ts';
import { type Audience, type Result, type Run, Stopped, startRun } from './run.ts';
import { closings, headings, labels, reasons } from './sentences.ts';
import { keepSessions, type SessionKeepingClient, sessionIdOf } from './sessions.ts';
import { repetitions, signUpSteps, usedCode, userIdOf } from './sign-up.ts';

export interface TryOptions extends ClientOptions {
  /** The code to sign up with; undefined: the first usable test codes. */
  readonly code: string | undefined;
  /** Only checks that change nothing. */
  readonly readOnly: boolean;
  readonly audience: Audience;
}

export interface TryReport {
  readonly url: BaseUrl;
  /** The code that the sign-up was tried with. */
  readonly code: string | null;
  readonly checks: readonly Result[];
  /** False: not one request was answered. */
  readonly reached: boolean;
  /** What the reader should know when it is over. */
  readonly closing: readonly string[];
}

interface Trial {
  readonly options: TryOptions;
  readonly client: SessionKeepingClient;
  readonly run: Run;
  code: string | null;
  codeUse: 'used up' | 'one seat' | 'none usable' | undefined;
}

/** Walks the whole sign-up against a running server, then every endpoint and the error cases; leaves one user and no session behind. */
export async function tryServer(options: TryOptions): Promise<TryReport> {
  const { interrupt: _, ...uninterrupted } = options;
  const client = keepSessions(createClient(options), createClient(uninterrupted));
  const run = startRun(client, options.language, options.audience, options.interrupt);
  const trial: Trial = { options, client, run, code: null, codeUse: undefined };
  const first = await client.send(getDocument('/healthz'));
  if (first.kind === 'silence') return unreached(options, first);
  await runAll(trial);
  return { url: options.baseUrl, code: trial.code, checks: run.results, reached: true, closing: closingOf(trial) };
}

function unreached({ baseUrl, language }: TryOptions, { reason, milliseconds }: Silence): TryReport {
  const message = phrase(reason, language);
  const check: Result = { name: 'server_answers', ok: false, status: null, milliseconds, message };
  return { url: baseUrl, code: null, checks: [check], reached: false, closing: [] };
}

async function runAll(trial: Trial): Promise<void> {
  const { run, client } = trial;
  try {
    if (!trial.options.readOnly) await runWithCodes(trial);
    run.section({ sentence: headings.refusals });
    for (const check of refusalChecks()) await run.check(check);
    run.section({ sentence: headings.documents });
    for (const check of documentChecks) await run.check(check);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    run.fail(labels.allChecksRan, error.remark);
  } finally {
    const count = await client.abandonAll();
    if (count > 0) run.fail(labels.sessionsAbandoned, { sentence: reasons.sessionsLeft, values: { count } });
  }
}

async function runWithCodes(trial: Trial): Promise<void> {
  const { options, client } = trial;
  const { shown, refused } = await chooseCodes(client, options.code === undefined ? testCodes : [options.code], 2);
  const refusedList = refused.map(({ code, reason }) => `${code} ${reason}`).join(', ');
  const [first, second] = shown;
  if (!first) return reportNoCode(trial, refusedList);
  trial.code = first.code;
  const heading = refusedList
    ? { sentence: headings.signUpAfter, values: { code: first.code, refused: refusedList } }
    : { sentence: headings.signUp, values: { code: first.code } };
  if (second) {
    await walk(trial, first, heading);
    await tryEndpoints(trial, second);
  } else {
    // With one code the abandoned session comes first: afterwards the code is used up and opens no other.
    await tryEndpoints(trial, first);
    await walk(trial, { code: first.code, outcome: await client.send(verifyCode(first.code)) }, heading);
  }
}

function reportNoCode(trial: Trial, refused: string): void {
  const { run } = trial;
  const person = inventPerson();
  trial.codeUse = 'none usable';
  run.section({ sentence: headings.code });
  run.fail(labels.usableCode, { sentence: reasons.noneUsable, values: { refused } });
  run.skip(
    [...signUpSteps('', person), ...repetitions('', person, undefined), usedCode(''), ...ownSessionChecks('', person)],
    reasons.noCode,
  );
}

/** The whole sign-up, and what a completed one still answers. */
async function walk(trial: Trial, { code, outcome }: ShownCode, heading: Remark): Promise<void> {
  const { run } = trial;
  const person = inventPerson();
  run.section(heading);
  const opened = run.judge(goodCode(code), outcome);
  const sessionId = (opened && sessionIdOf(opened)) ?? '';
  const steps = signUpSteps(sessionId, person);
  const answers = opened ? await run.checkInTurn(steps) : run.skip(steps);
  const userId = userIdOf(answers?.at(-1));
  const afterwards = repetitions(sessionId, person, userId);
  if (userId === undefined) return run.skip([...afterwards, usedCode(code)]);
  trial.codeUse = 'one seat';
  run.section({ sentence: headings.completed });
  for (const check of afterwards) await run.check(check);
  await checkUsedCode(trial, code);
}

/** A code that was given may have more seats than one; a test code has not. */
async function checkUsedCode(trial: Trial, code: string): Promise<void> {
  const { run, client, options } = trial;
  const check = usedCode(code);
  const outcome = await client.send(check.request);
  if (options.code !== undefined && outcome.kind === 'answer' && outcome.status === 200) return run.skip([check], reasons.seatsLeft);
  if (run.judge(check, outcome)) trial.codeUse = 'used up';
}

async function tryEndpoints({ run }: Trial, { code, outcome }: ShownCode): Promise<void> {
  run.section({ sentence: headings.ownSession, values: { code } });
  const opened = run.judge({ ...goodCode(code), name: 'invitation_verify_alone' }, outcome);
  const checks = ownSessionChecks((opened && sessionIdOf(opened)) ?? '', inventPerson());
  if (opened) await run.checkInTurn(checks);
  else run.skip(checks);
}

const resetSql = `INSERT INTO "Invitation" (code, is_used) VALUES ${testCodes.map((code) => `('${code}', false)`).join(', ')}
  ON CONFLICT (code) DO UPDATE SET is_used = false, used_by = NULL;`;

function closingOf({ options, run, code, codeUse }: Trial): string[] {
  const say = (sentence: Sentence) => phrase({ sentence, values: { code: code ?? '' } }, options.language);
  if (run.results.some(({ status }) => status === 308)) return [say(closings.httpsOnly)];
  const reset = options.code !== undefined ? [] : [say(closings.reset), ...resetSql.split('\n').map((line) => `  ${line}`)];
  if (codeUse === 'used up') return [say(closings.codeUsedUp), ...reset];
  if (codeUse === 'one seat') return [say(closings.seatUsed)];
  return codeUse === 'none usable' ? reset : [];
}
