import type { z } from 'zod';
import type { PageField as Field, PageSettings as Settings, PageStep as Step } from '../../src/pages/schema.ts';
import type { completionAnswer, sessionAnswer, verifyAnswer } from '../../src/registration/schema.ts';
import { type Answer, type Call, type Refusal, send } from '../shared/api.ts';
import { serverNow } from '../shared/server-clock.ts';
import { findCode, fingerprint, readAddress, writeAddress } from './code-in-link.ts';
import { pretend } from './preview.ts';
import { belongsTo, forgetSession, readDraft, readStoredSession, type Session, storeDraft, storeSession } from './stored-session.ts';
import { isoBirthday } from './typed-birthday.ts';

/** What is shown. A step is one of `settings.steps`, by its place. */
type Screen =
  | { readonly at: 'envelope' | 'code' | 'resume' | 'other' | 'done' }
  | { readonly at: 'step'; readonly index: number }
  | Refused;

export interface Refused {
  readonly at: 'refused';
  readonly refusal: Pick<Refusal, 'code' | 'startsAt' | 'freeAt' | 'requestId'>;
  /** The seat was lost on the way, after a step was begun. */
  readonly late: boolean;
}

/** Why the page waits, or that the person has to try again (`noAnswer`). */
export interface Notice {
  readonly kind: 'rate_limited' | 'overloaded' | 'server' | 'offline' | 'lost' | 'slow' | 'noAnswer' | 'steps_incomplete';
  /** Milliseconds since 1970 by the server's clock, where seconds are counted down. */
  readonly until?: number;
  /** How many seconds the count began with. */
  readonly seconds?: number;
}

/** A field that has to be corrected; `message` is the server's sentence, for a code that the page does not know. */
export interface FieldFault {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

export interface State {
  readonly settings: Settings;
  readonly screen: Screen;
  /** From the address or typed; '' if there is none. */
  readonly code: string;
  readonly session: Session | undefined;
  /** By field, as typed. A password is kept here only, and only until the sign-up is done. */
  readonly values: Readonly<Record<string, string>>;
  /** `values` when typing paused: what is announced. */
  readonly settled: Readonly<Record<string, string>>;
  readonly faults: readonly FieldFault[];
  readonly notice: Notice | undefined;
  /** A request is under way, repetitions included: the form sends nothing else. */
  readonly inFlight: boolean;
  /** The request takes long enough to say so. */
  readonly sending: boolean;
  /** The screen before this one is part of the sign-up. */
  readonly canGoBack: boolean;
  /** The person is asked whether they need more time, or has answered. */
  readonly extension: 'unasked' | 'asked' | 'refused' | 'declined';
}

type Progress = Pick<z.infer<typeof sessionAnswer>, 'expiresAt' | 'remainingSteps'> & { readonly phoneBound?: boolean };
type Verified = z.infer<typeof verifyAnswer> & Progress;

/** Milliseconds before the next try when the server names none. */
const pauses = [1000, 2000, 4000, 8000, 8000];
const minute = 60_000;

export const codeField: Field = {
  name: 'code',
  type: 'text',
  autocomplete: 'off',
  inputmode: 'text',
  label: { ko: '초대 코드', en: 'Invitation code' },
};

export let state: State;
let paint: () => void = () => undefined;
/** Ends the pause before the next try. */
let wake: () => void = () => undefined;
/** Changes when the person leaves what is under way: a late answer is then ignored. */
let turn = 0;
let typing: ReturnType<typeof setTimeout> | undefined;
/** When a full invitation is looked at again by itself. */
let checkAt = 0;

function update(change: Partial<State>): void {
  state = { ...state, ...change };
  paint();
}

/** @param show renders `state`; called after every change. */
export function startFlow(settings: Settings, show: () => void): void {
  paint = show;
  state = {
    settings,
    screen: { at: 'code' },
    code: '',
    session: undefined,
    values: {},
    settled: {},
    faults: [],
    notice: undefined,
    inFlight: false,
    sending: false,
    canGoBack: false,
    extension: 'unasked',
  };
  addEventListener('popstate', ({ state: entry }) => (entry ? showEntry(entry) : undefined));
  // Another link was opened in this tab; going back and forward has an entry instead.
  addEventListener('hashchange', () => (history.state ? undefined : open()));
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted && state.session && state.screen.at === 'step') resume();
  });
  addEventListener('online', () => wake());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) wake();
  });
  setInterval(tick, 1000);
  open();
}

/** Decides what a visit begins with. Nothing is verified here: that is for the first tap. */
function open(): void {
  turn += 1;
  const code = readAddress();
  const session = readStoredSession();
  const draft = readDraft();
  state = { ...state, code, session, values: draft ?? {}, inFlight: false, sending: false };
  if (!session) show(firstScreen(), 'replace');
  else if (!belongsTo(session, code)) show({ at: 'other' }, 'replace');
  else {
    show({ at: 'resume' }, 'replace');
    if (draft) resume();
  }
}

function firstScreen(): Screen {
  return { at: state.code === '' ? 'code' : 'envelope' };
}

interface HistoryEntry {
  readonly depth: number;
  readonly screen: Screen;
}

/** @param how `push` for a screen that Back leads away from. */
function show(screen: Screen, how: 'push' | 'replace' | 'keep' = 'keep', change: Partial<State> = {}): void {
  const depth = (history.state?.depth ?? 0) + (how === 'push' ? 1 : 0);
  const entry: HistoryEntry = { depth, screen };
  if (how === 'push') history.pushState(entry, '');
  else if (how === 'replace') history.replaceState(entry, '');
  update({ faults: [], notice: undefined, ...change, screen, canGoBack: depth > 0 });
}

/** Back and forward. */
function showEntry({ depth, screen }: HistoryEntry): void {
  if (state.screen.at === 'done') return;
  if (isCompleting()) {
    history.pushState({ depth: depth + 1, screen: state.screen } satisfies HistoryEntry, '');
    return;
  }
  turn += 1;
  const known = screen.at === 'step' && !state.session ? firstScreen() : screen;
  update({ screen: known, canGoBack: depth > 0, faults: [], notice: undefined, inFlight: false, sending: false });
}

/** The last step is under way: until its answer is there, the phone number must not change. */
export function isCompleting(): boolean {
  const { screen, settings, inFlight } = state;
  return inFlight && screen.at === 'step' && screen.index === settings.steps.length - 1;
}

export function goBack(): void {
  history.back();
}

export function typeOtherCode(): void {
  turn += 1;
  show({ at: 'code' }, 'push', { inFlight: false, sending: false });
}

/** The tap on "start": continues a sign-up of the same code, which going back has led away from. */
export function start(): void {
  if (state.session && belongsTo(state.session, state.code)) resume();
  else verify(state.code);
}

/** Reads the form natively at its submission, because a value that was filled in by the browser may have fired no event. */
export function submit(event: SubmitEvent): void {
  event.preventDefault();
  if (state.inFlight) return;
  const data = new FormData(event.currentTarget as HTMLFormElement);
  const typed = (field: Field) => String(data.get(field.name) ?? '');
  if (state.screen.at === 'code') {
    verify(findCode(typed(codeField)));
    return;
  }
  const step = state.screen.at === 'step' && state.settings.steps[state.screen.index];
  if (!step) return;
  const values = Object.fromEntries(step.fields.map((field) => [field.name, typed(field)]));
  update({ values: { ...state.values, ...values } });
  saveStep(step, values);
}

/**
 * Keeps what is typed: in memory, and but for a password also for a reload of this tab.
 * @param shape applied while a character is added at the end, not while one is deleted, changed in the middle or composed.
 */
export function noteTyped(event: Event, shape?: (text: string) => string): void {
  const input = event.currentTarget as HTMLInputElement;
  const { inputType, isComposing } = event as InputEvent;
  if (shape && inputType === 'insertText' && !isComposing && input.selectionStart === input.value.length) input.value = shape(input.value);
  if (input.name === codeField.name) return;
  const { values, session } = state;
  update({ values: { ...values, [input.name]: input.value } });
  if (session && input.autocomplete !== 'new-password') storeDraft({ ...readDraft(), [input.name]: input.value });
  clearTimeout(typing);
  typing = setTimeout(() => update({ settled: state.values }), 400);
}

async function verify(code: string): Promise<void> {
  const typed = state.screen.at === 'code';
  update({ code });
  if (typed) writeAddress(code);
  const answer = await deliver<Verified>({ method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: code } }, 'once');
  if (!answer) return;
  if (answer.kind === 'refused') return refuse(answer);
  storeDraft({});
  begin({ id: answer.body.sessionId, expiresAt: 0, mark: fingerprint(code) }, answer.body);
}

/** Asks the server how far the stored sign-up is, and goes on there. */
export async function resume(): Promise<void> {
  const { session } = state;
  if (!session || state.inFlight) return;
  if (!belongsTo(session, state.code)) {
    writeAddress('');
    update({ code: '' });
  }
  const answer = await deliver<Progress>({ method: 'GET', path: '/auth/register/session', bearer: session.id }, 'repeat');
  if (!answer) return;
  if (answer.kind === 'refused') return refuse(answer);
  begin(session, answer.body);
}

/** Abandons the stored sign-up, and begins with the code of the address. */
export async function startAnew(): Promise<void> {
  if (state.inFlight) return;
  const { session, code } = state;
  if (session && !(await deliver({ method: 'DELETE', path: '/auth/register/session', bearer: session.id }, 'repeat'))) return;
  forgetSession();
  update({ session: undefined, values: {}, notice: undefined });
  if (code === '') show({ at: 'code' }, 'replace');
  else await verify(code);
}

function begin(session: Session, progress: Progress): void {
  const known = keepProgress(session, progress);
  show(stepScreen(known.remaining?.[0]), state.screen.at === 'resume' || state.screen.at === 'other' ? 'replace' : 'push');
  tick();
}

function keepProgress(session: Session, { expiresAt, remainingSteps, phoneBound = session.phoneBound }: Progress): Session {
  const known = { ...session, expiresAt: Date.parse(expiresAt), remaining: remainingSteps ?? session.remaining, phoneBound };
  storeSession(known);
  update({ session: known, extension: 'unasked' });
  return known;
}

function stepScreen(name: string | undefined): Screen {
  const { steps } = state.settings;
  const index = steps.findIndex((step) => step.name === name);
  return { at: 'step', index: index < 0 ? steps.length - 1 : index };
}

async function saveStep(step: Step, values: Readonly<Record<string, string>>): Promise<void> {
  const { session, settings } = state;
  if (!session) return;
  const body: Record<string, string> = { session_id: session.id };
  for (const field of step.fields) body[field.name] = sentValue(field, values[field.name] ?? '');
  const isLast = step === settings.steps.at(-1);
  const call = { method: 'PUT', path: step.path, body };
  const answer = await deliver<Progress & Partial<z.infer<typeof completionAnswer>>>(call, isLast ? 'complete' : 'repeat');
  if (!answer) return;
  if (answer.kind === 'refused') return refuse(answer);
  if (answer.body.userId !== undefined) return finish();
  storeDraft({});
  begin(session, answer.body);
}

function sentValue(field: Field, typed: string): string {
  if (field.autocomplete === 'bday') return isoBirthday(typed);
  return field.type === 'tel' ? typed.normalize('NFKC').trim() : typed;
}

/** Takes the code out of the address, and out of the addresses that Back would lead to. */
function finish(): void {
  forgetSession();
  const { name = '' } = state.values;
  const { depth } = history.state as HistoryEntry;
  update({ code: '', session: undefined, values: { name }, faults: [], notice: undefined, screen: { at: 'done' } });
  const clean = () => {
    writeAddress('');
    history.pushState({ depth: 1, screen: state.screen } satisfies HistoryEntry, '');
  };
  if (depth === 0) clean();
  else {
    addEventListener('popstate', clean, { once: true });
    history.go(-depth);
  }
}

/** Shows why the server refused, where it can be put right: at the field, or on a screen of its own. */
function refuse(refusal: Refusal): void {
  const { code, errors = [] } = refusal;
  const late = state.screen.at === 'step';
  const tooYoung = errors.find((error) => error.code === 'birthday_below_minimum_age');
  const faultOf = (field = '') => [{ field, code, message: refusal.detail ?? '' }];
  if (tooYoung) end({ ...refusal, code: tooYoung.code }, late);
  else if (/^invitation_(not_found|mistyped)$/.test(code)) fault(faultOf(codeField.name));
  else if (/^(phone_taken|invitation_phone_mismatch)$/.test(code)) fault(faultOf(state.settings.steps.at(-1)?.fields[0]?.name));
  else if (errors.length > 0) {
    fault(errors.map((error) => (error.field === 'invitation_code' ? { ...error, field: codeField.name } : error)));
  } else if (code === 'steps_incomplete') show(stepScreen(refusal.missing?.[0]), 'push', { notice: { kind: code } });
  else if (/^(session_|already_signed_up|invitation_(used|revoked))/.test(code)) end(refusal, late);
  else {
    checkAt = (Date.parse(refusal.freeAt ?? '') || serverNow()) + 3000 * Math.random();
    show({ at: 'refused', refusal, late }, 'replace');
  }
}

function fault(faults: readonly FieldFault[]): void {
  if (state.screen.at === 'step' || state.screen.at === 'code') update({ faults });
  else show({ at: 'code' }, 'push', { faults });
}

/** The sign-up cannot go on: what this device knows of it is deleted. */
function end(refusal: Refused['refusal'], late: boolean): void {
  forgetSession();
  update({ session: undefined, values: {} });
  show({ at: 'refused', refusal, late }, 'replace');
}

/**
 * Sends a request until there is an answer that counts, and says meanwhile why it takes long.
 * @param how `once`: a request that must not be repeated after its answer was lost, since each may hold a seat. `repeat`: may be repeated.
 *   `complete`: the last step, which may be repeated, and after which nothing may be changed before there is an answer.
 * @returns undefined if the person left, or has to try again.
 */
async function deliver<Body>(
  call: Call,
  how: 'once' | 'repeat' | 'complete',
): Promise<Exclude<Answer<Body>, { kind: 'lost' }> | undefined> {
  turn += 1;
  const mine = turn;
  const left = () => mine !== turn;
  const mention = (change: Partial<State>) => (left() ? undefined : update(change));
  const pause = async (notice: Notice['kind'], milliseconds: number, counted = false) => {
    const until = serverNow() + milliseconds;
    mention({
      notice: counted ? { kind: notice, until, seconds: Math.ceil(milliseconds / 1000) } : { kind: notice },
      sending: notice === 'lost',
    });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      if (counted) return;
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };
  let answer: Answer<Body> | undefined;
  update({ inFlight: true, faults: [], notice: undefined });
  for (let tries = 0; ; tries += 1) {
    // Nothing was sent yet, so waiting is safe for every request.
    while (!navigator.onLine && !left()) await pause(how === 'complete' && tries > 0 ? 'lost' : 'offline', 30_000);
    const timers = [setTimeout(() => mention({ sending: true }), 300), setTimeout(() => mention({ notice: { kind: 'slow' } }), 8000)];
    answer = left() ? undefined : state.settings.preview ? pretend(call, state.settings) : await send<Body>(call);
    for (const timer of timers) clearTimeout(timer);
    if (!answer || left()) return undefined;
    const next = nextTry(answer, how, tries);
    if (!next) break;
    await pause(next.notice, next.milliseconds, next.counted);
    if (left()) return undefined;
    if (next.notice === 'rate_limited') {
      update({ notice: undefined });
      answer = undefined;
      break;
    }
  }
  const lost = answer && (answer.kind === 'lost' || (answer.kind === 'refused' && isPassing(answer.status)));
  update({ inFlight: false, sending: false, notice: lost ? { kind: 'noAnswer' } : undefined });
  return lost || answer?.kind === 'lost' ? undefined : answer;
}

interface NextTry {
  readonly notice: Notice['kind'];
  readonly milliseconds: number;
  readonly counted: boolean;
}

function nextTry(answer: Answer<unknown>, how: 'once' | 'repeat' | 'complete', tries: number): NextTry | undefined {
  const pause = (pauses[tries] ?? 8000) * (0.75 + Math.random() / 2);
  if (answer.kind === 'done') return undefined;
  if (answer.kind === 'refused') {
    const { status, code, wait } = answer;
    if (status === 429) return { notice: 'rate_limited', milliseconds: wait || 1000, counted: true };
    if (!isPassing(status) || tries >= pauses.length) return undefined;
    if (code === 'overloaded') return { notice: code, milliseconds: wait || 1000, counted: true };
    if (status === 503) return { notice: 'server', milliseconds: Math.max(wait, pause), counted: false };
  }
  if (how === 'once' || tries >= pauses.length) return undefined;
  return { notice: how === 'complete' ? 'lost' : 'server', milliseconds: pause, counted: false };
}

/** A proxy's or the server's word that it cannot answer now. */
function isPassing(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** Once a second: counts down, warns before the sign-up expires, and looks again when a seat may be free. */
function tick(): void {
  const { screen, session, extension, inFlight, notice } = state;
  const now = serverNow();
  if (screen.at === 'step' && session) {
    const left = session.expiresAt - now;
    if (left <= 0 && !inFlight) end({ code: 'session_not_found', requestId: '' }, true);
    else if (left <= 2 * minute && extension === 'unasked') update({ extension: 'asked' });
    else if (left <= 5 * minute || notice?.until) paint();
  } else if (screen.at === 'refused' && screen.refusal.code === 'invitation_full' && now >= checkAt && !document.hidden && !inFlight) {
    checkAt = now + 30_000;
    verify(state.code);
  } else if (screen.at === 'refused' || notice?.until) paint();
}

/** Asks the server for more time. */
export async function extend(): Promise<void> {
  const { session } = state;
  if (!session) return;
  const call = { method: 'POST', path: '/auth/register/session/renew', bearer: session.id };
  const answer = state.settings.preview ? pretend<Progress>(call, state.settings) : await send<Progress>(call);
  if (answer.kind === 'done') {
    const longer = Date.parse(answer.body.expiresAt) > session.expiresAt;
    storeSession({ ...session, expiresAt: Date.parse(answer.body.expiresAt) });
    update({ session: { ...session, expiresAt: Date.parse(answer.body.expiresAt) }, extension: longer ? 'unasked' : 'refused' });
  } else if (answer.kind === 'refused' && /^(session_|already_signed_up)/.test(answer.code)) end(answer, true);
  else update({ extension: 'refused' });
}

export function declineExtension(): void {
  if (state.extension === 'asked' || state.extension === 'refused') update({ extension: 'declined' });
}

/** Frees the seat before the page is opened in another browser. */
export function leave(): void {
  if (!state.session) return;
  send({ method: 'DELETE', path: '/auth/register/session', bearer: state.session.id });
  forgetSession();
}
