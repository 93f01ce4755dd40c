import { testCodes } from '../../invitations/seed-test-codes.ts';
import type { Language, Sentence } from '../../problems.ts';
import { type ApiAnswer, type ApiClient, ConnectionError, createApiClient } from '../api-client.ts';
import type { BaseUrl } from '../base-url.ts';
import { type Message, translate } from '../messages.ts';
import { inventPerson } from './person.ts';
import type { Printer, Result } from './print-results.ts';
import {
  type Answer,
  abandonedSession,
  type Body,
  completedSession,
  deleteSession,
  documents,
  errorCases,
  findMistake,
  get,
  goodCode,
  noteOf,
  paths,
  type Scenario,
  sessionIdOf,
  signUp,
  type TryRequest,
  usedCode,
  verify,
} from './scenarios.ts';

export interface TryOptions {
  readonly baseUrl: BaseUrl;
  readonly language: Language;
  readonly timeLimitMilliseconds: number;
  /** Ends the requests; sessions are still abandoned. */
  readonly signal: AbortSignal;
  /** The code to sign up with; undefined: the first usable test codes. */
  readonly code: string | undefined;
  /** Only requests that change nothing. */
  readonly readOnly: boolean;
  readonly printer: Printer;
}

export interface TryReport {
  readonly url: BaseUrl;
  /** The code of the sign-up. */
  readonly code: string | null;
  readonly checks: readonly Result[];
  /** False: the first request was not answered. */
  readonly reached: boolean;
  /** Lines for the end. */
  readonly closing: readonly string[];
}

/** `answer` is undefined if none came; then `failure` says why. */
interface Outcome {
  readonly answer?: Answer;
  readonly failure?: Message;
  readonly milliseconds: number;
}

/** A code that was accepted, or got an answer that is not about the code. */
interface TriedCode {
  readonly code: string;
  readonly outcome: Outcome;
}

/** After as many requests without an answer in a row nothing more is sent: each would only wait for its time limit. */
const mostUnanswered = 2;

/** Runs a whole sign-up against a server, then each endpoint and the error cases; leaves one user and no session behind. */
export async function tryServer(options: TryOptions): Promise<TryReport> {
  const { baseUrl, language, signal, timeLimitMilliseconds: timeLimit, printer } = options;
  const { origin, pathname } = new URL(baseUrl);
  const place = { url: origin };
  const server = { origin, prefix: pathname.replace(/\/$/, '') };
  const client = createApiClient({ place, language, signal, timeLimit });
  // Abandons sessions after an interrupt too.
  const cleaner = createApiClient({ place, language, signal: new AbortController().signal, timeLimit });
  const checks: Result[] = [];
  const openSessions = new Set<string>();
  let unanswered = 0;
  let stopReason: Sentence | undefined;
  let code: string | null = null;
  let codeUse: CodeUse;

  try {
    const first = await send(get('/healthz'));
    if (first.failure) return unreached(first);
    if (!options.readOnly) await runWithCodes();
    await runSection(headings.errorCases, errorCases());
    await runSection(headings.documents, documents);
    if (stopReason) add(labels.allChecksRan, { ok: false, status: null, milliseconds: 0 }, { sentence: stopReason });
    const left = await abandonSessions();
    if (left > 0) {
      const message = { sentence: reasons.sessionsLeft, values: { count: left } };
      add(labels.sessionsAbandoned, { ok: false, status: null, milliseconds: 0 }, message);
    }
    return { url: baseUrl, code, checks, reached: true, closing: closingLines(options, { checks, code, codeUse }) };
  } finally {
    client.close();
    cleaner.close();
  }

  function unreached({ failure, milliseconds }: Outcome): TryReport {
    const message = failure && translate(failure, language);
    const check: Result = { name: 'server_answers', ok: false, status: null, milliseconds, ...(message !== undefined && { message }) };
    return { url: baseUrl, code: null, checks: [check], reached: false, closing: [] };
  }

  async function runWithCodes(): Promise<void> {
    const { tried, refused } = await findCodes(options.code === undefined ? testCodes : [options.code]);
    const [first, second] = tried;
    if (!first) return reportNoCode(refused);
    code = first.code;
    const heading = refused
      ? { sentence: headings.signUpAfter, values: { code, refused } }
      : { sentence: headings.signUp, values: { code } };
    if (second) {
      await runSignUp(first, heading);
      await runAbandoned(second);
    } else {
      // With one code the abandoned session comes first: after the sign-up the code opens no other.
      await runAbandoned(first);
      if (!stopReason) await runSignUp({ code, outcome: await send(verify({ invitation_code: code })) }, heading);
    }
  }

  /** Enters codes until two of them were not refused. */
  async function findCodes(candidates: readonly string[]): Promise<{ tried: TriedCode[]; refused: string }> {
    const tried: TriedCode[] = [];
    const refused: string[] = [];
    for (const candidate of candidates) {
      if (tried.length === 2) break;
      const outcome = await send(verify({ invitation_code: candidate }));
      const problem = outcome.answer?.body?.code;
      // Other problems, such as `https_required`, would be the answer to the next code too.
      if (typeof problem === 'string' && /^invitation_[a-z_]{1,40}$/.test(problem)) refused.push(`${candidate} ${problem}`);
      else tried.push({ code: candidate, outcome });
      if (outcome.failure) break;
    }
    return { tried, refused: refused.join(', ') };
  }

  function reportNoCode(refused: string): void {
    const person = inventPerson();
    codeUse = 'none usable';
    section({ sentence: headings.code });
    add(labels.usableCode, { ok: false, status: null, milliseconds: 0 }, { sentence: reasons.noneUsable, values: { refused } });
    skip([...signUp('', person), ...completedSession('', person, 0), usedCode(''), ...abandonedSession('', person)], reasons.noCode);
  }

  async function runSignUp({ code, outcome }: TriedCode, heading: Message): Promise<void> {
    const person = inventPerson();
    section(heading);
    const sessionId = sessionIdIn(judge(goodCode(code), outcome));
    const completed = await runInTurn(signUp(sessionId ?? '', person), sessionId);
    const afterwards = completedSession(sessionId ?? '', person, completed?.body?.userId);
    if (!completed) return skip([...afterwards, usedCode(code)]);
    codeUse = 'one seat';
    section({ sentence: headings.completed });
    for (const scenario of afterwards) await run(scenario);
    await runUsedCode(code);
  }

  /** A given code may have several seats; a test code has one. */
  async function runUsedCode(code: string): Promise<void> {
    if (stopReason) return;
    const scenario = usedCode(code);
    const outcome = await send(scenario.request);
    if (options.code !== undefined && outcome.answer?.status === 200) return skip([scenario], reasons.seatsLeft);
    if (judge(scenario, outcome)) codeUse = 'used up';
  }

  async function runAbandoned({ code, outcome }: TriedCode): Promise<void> {
    section({ sentence: headings.abandoned, values: { code } });
    const sessionId = sessionIdIn(judge(goodCode(code, 'invitation_verify_alone'), outcome));
    await runInTurn(abandonedSession(sessionId ?? '', inventPerson()), sessionId);
  }

  async function runSection(heading: Sentence, scenarios: readonly Scenario[]): Promise<void> {
    section({ sentence: heading });
    for (const scenario of scenarios) await run(scenario);
  }

  /** Runs scenarios that build on each other: after a failure the rest is skipped. @returns the last answer if all were good. */
  async function runInTurn(scenarios: readonly Scenario[], sessionId: string | undefined): Promise<Answer | undefined> {
    if (sessionId === undefined) return void skip(scenarios);
    let last: Answer | undefined;
    for (const [position, scenario] of scenarios.entries()) {
      last = await run(scenario);
      if (!last) return void skip(scenarios.slice(position + 1));
    }
    return last;
  }

  async function run(scenario: Scenario): Promise<Answer | undefined> {
    if (stopReason) return undefined;
    const outcome = await send(scenario.request);
    if (outcome.answer) unanswered = 0;
    return judge(scenario, outcome);
  }

  /** @returns the answer if it is good. */
  function judge(scenario: Scenario, { answer, failure, milliseconds }: Outcome): Answer | undefined {
    if (!answer) {
      add(scenario, { ok: false, status: null, milliseconds }, failure);
      unanswered += 1;
      if (signal.aborted) stopReason ??= reasons.interrupted;
      else if (unanswered >= mostUnanswered) stopReason ??= reasons.unanswered;
      return undefined;
    }
    const mistake = findMistake(scenario.expect, answer);
    add(scenario, { ok: !mistake, status: answer.status, milliseconds }, mistake ?? noteOf(scenario, answer));
    return mistake ? undefined : answer;
  }

  function section(message: Message): void {
    if (!stopReason) printer.section(translate(message, language));
  }

  /** @param reason default: an earlier scenario failed. */
  function skip(scenarios: readonly Scenario[], reason: Sentence = reasons.earlier): void {
    if (stopReason) return;
    for (const scenario of scenarios) add(scenario, { ok: false, skipped: true, status: null, milliseconds: 0 }, { sentence: reason });
  }

  function add({ name, title }: Pick<Scenario, 'name' | 'title'>, result: Omit<Result, 'name' | 'message'>, message?: Message): void {
    const whole: Result = { name, ...result, ...(message && { message: translate(message, language) }) };
    checks.push(whole);
    printer.result(title[language], whole);
  }

  async function send(request: TryRequest): Promise<Outcome> {
    const outcome = await ask(client, server, request);
    if (outcome.answer) noteSessions(openSessions, request, outcome.answer);
    return outcome;
  }

  /** @returns how many sessions are still open. */
  async function abandonSessions(): Promise<number> {
    const ended = await Promise.all([...openSessions].map(async (id) => isGone((await ask(cleaner, server, deleteSession(id))).answer)));
    return ended.filter((isEnded) => !isEnded).length;
  }
}

const mostRedirects = 3;

interface ServerAddress {
  readonly origin: string;
  /** Stands before every path; empty, or a path without a slash at its end. */
  readonly prefix: string;
}

async function ask(client: ApiClient, server: ServerAddress, request: TryRequest): Promise<Outcome> {
  const begun = performance.now();
  const elapsed = () => Math.round(performance.now() - begun);
  try {
    let path = server.prefix + request.path;
    for (let redirects = 0; ; redirects += 1) {
      const received = await client.fetchText({ ...request, path, headers: { accept: 'application/json', ...request.headers } });
      const target = request.followRedirects && redirects < mostRedirects ? redirectWithin(server, path, received) : undefined;
      if (target === undefined) return { answer: readAnswer(received), milliseconds: elapsed() };
      path = target;
    }
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return { failure: error.reason, milliseconds: elapsed() };
  }
}

/** @returns the path of a redirect to the same server; others are not followed. */
function redirectWithin({ origin }: ServerAddress, from: string, { status, headers: { location } }: ApiAnswer<string>): string | undefined {
  if (status < 300 || status > 399 || typeof location !== 'string' || !URL.canParse(location, origin + from)) return undefined;
  const target = new URL(location, origin + from);
  return target.origin === origin ? target.pathname + target.search : undefined;
}

function readAnswer({ status, headers, body }: ApiAnswer<string>): Answer {
  const mediaType = String(headers['content-type'] ?? '');
  return { status, headers, mediaType: mediaType.split(';', 1).join('').trim().toLowerCase(), body: parseObject(body) };
}

function parseObject(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

function sessionIdIn(answer: Answer | undefined): string | undefined {
  return answer && sessionIdOf(answer);
}

/** Reads every answer, because a broken server may open a session where it should refuse. */
function noteSessions(open: Set<string>, { method, path, sessionId }: TryRequest, answer: Answer): void {
  const opened = path === paths.verify ? sessionIdOf(answer) : undefined;
  if (opened !== undefined) open.add(opened);
  const isOver = (path === paths.phone && answer.status === 200) || (method === 'DELETE' && isGone(answer));
  if (sessionId !== undefined && isOver) open.delete(sessionId);
}

function isGone(answer: Answer | undefined): boolean {
  return answer?.status === 200 || ['session_not_found', 'already_signed_up'].includes(String(answer?.body?.code));
}

type CodeUse = 'used up' | 'one seat' | 'none usable' | undefined;

const resetSql = `INSERT INTO "Invitation" (code, is_used) VALUES ${testCodes.map((code) => `('${code}', false)`).join(', ')}
  ON CONFLICT (code) DO UPDATE SET is_used = false, used_by = NULL;`;

function closingLines({ code: given, language }: TryOptions, run: { checks: Result[]; code: string | null; codeUse: CodeUse }): string[] {
  const say = (sentence: Sentence) => translate({ sentence, values: { code: run.code ?? '' } }, language);
  if (run.checks.some(({ status }) => status === 308)) return [say(closings.httpsOnly)];
  const reset = given !== undefined ? [] : [say(closings.reset), ...resetSql.split('\n').map((line) => `  ${line}`)];
  if (run.codeUse === 'used up') return [say(closings.codeUsedUp), ...reset];
  if (run.codeUse === 'one seat') return [say(closings.seatUsed)];
  return run.codeUse === 'none usable' ? reset : [];
}

/** The headings. */
const headings = {
  code: { ko: '초대 코드', en: 'Invitation code' },
  signUp: { ko: '회원가입: {code}', en: 'Sign-up with {code}' },
  signUpAfter: { ko: '회원가입: {code} (쓸 수 없는 코드: {refused})', en: 'Sign-up with {code} (not usable: {refused})' },
  completed: { ko: '끝난 가입의 반복', en: 'The completed sign-up, repeated' },
  abandoned: { ko: '엔드포인트 하나씩: {code}, 마지막에 그만두기', en: 'Each endpoint on its own, with {code}, then abandoned' },
  errorCases: { ko: '오류 사례', en: 'Error cases' },
  documents: { ko: '문서와 상태', en: 'Documents and health' },
} satisfies Record<string, Sentence>;

/** Results that are no answer to one request. */
const labels = {
  usableCode: { name: 'usable_code', title: { ko: '쓸 수 있는 초대 코드', en: 'a usable code' } },
  allChecksRan: { name: 'all_checks_ran', title: { ko: '모든 확인 실행', en: 'all checks ran' } },
  sessionsAbandoned: { name: 'sessions_abandoned', title: { ko: '열어 둔 세션 정리', en: 'no session left behind' } },
} satisfies Record<string, { name: string; title: Sentence }>;

const reasons = {
  earlier: { ko: '앞 단계가 실패해서 건너뜁니다', en: 'skipped: it builds on a check that failed' },
  unanswered: { ko: '서버가 더 답하지 않아 나머지는 하지 않았습니다', en: 'the server stopped answering; the rest was skipped' },
  interrupted: { ko: '중단해서 나머지는 하지 않았습니다', en: 'interrupted; the rest was skipped' },
  noCode: { ko: '쓸 수 있는 초대 코드가 없어 하지 않았습니다', en: 'skipped: no usable code' },
  noneUsable: {
    ko: '쓸 수 있는 코드가 없습니다: {refused}',
    en: 'no code can be used: {refused}',
  },
  seatsLeft: {
    ko: '이 코드로 아직 더 가입할 수 있어 확인하지 않았습니다',
    en: 'skipped: the code still admits people, so it may have further seats',
  },
  sessionsLeft: {
    ko: '서버가 세션 {count}개를 놓아주지 않았습니다. 시간이 지나면 저절로 없어집니다',
    en: 'the server did not let go of {count} session(s); they end by themselves when their time is over',
  },
} satisfies Record<string, Sentence>;

/** What the reader should know when it is over. */
const closings = {
  httpsOnly: {
    ko: '이 서버는 HTTPS로만 받습니다(FORCE_HTTPS). 사람들이 쓰는 https:// 주소로 다시 확인하세요.',
    en: 'This server takes HTTPS only (FORCE_HTTPS): try the https:// address that people use.',
  },
  codeUsedUp: { ko: '{code} 코드를 썼습니다.', en: '{code} is used up now.' },
  seatUsed: { ko: '{code} 코드의 자리 하나를 썼습니다.', en: 'One seat of {code} is used now.' },
  reset: {
    ko: '테스트 코드를 다시 쓰려면 서버가 있는 컴퓨터에서 `npx chodae seed`를 실행하거나, PostgreSQL에서 다음을 실행하세요:',
    en: "To make the test codes fresh: `npx chodae seed` on the server's machine, or in PostgreSQL:",
  },
} satisfies Record<string, Sentence>;
