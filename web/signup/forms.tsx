import type { ComponentChildren, InputHTMLAttributes } from 'preact';
import type { PageField as Field } from '../../src/pages/schema.ts';
import { Icon, type IconName } from '../shared/icons.tsx';
import { language } from '../shared/language.ts';
import { serverNow } from '../shared/server-clock.ts';
import { codeField, type FieldFault, isCompleting, type Notice, noteTyped, state, submit } from './flow.ts';
import { Said, Sentences } from './said.tsx';
import { hasWords, type Key, say } from './words.ts';

/** What the status line says about a value while it is typed. */
export interface Echo {
  readonly text: string;
  readonly tone: '' | 'echo' | 'ok' | 'warn tight';
}

/** A tap does nothing while a request is under way. */
export const unlessInFlight = (action: () => unknown) => () => {
  if (!state.inFlight) action();
};

/** The button of a screen: it keeps its place, and is never disabled. */
export function Button({ label, onClick, quiet }: { label: Key; onClick?: () => void; quiet?: boolean }) {
  const busy = state.sending && !quiet;
  const waits = !quiet && isWaiting(state.notice) && !busy;
  const kind = ['button', quiet && 'quiet', busy && 'busy', waits && 'wait'].filter(Boolean).join(' ');
  return (
    <button type={onClick ? 'button' : 'submit'} class={kind} aria-disabled={busy || waits} {...(onClick && { onClick })}>
      {busy ? (
        <>
          <Icon name="spin" />
          {say('sending')}
        </>
      ) : (
        say(state.notice?.kind === 'noAnswer' && !quiet ? 'again' : label)
      )}
    </button>
  );
}

function isWaiting(notice: Notice | undefined): boolean {
  return notice !== undefined && /^(rate_limited|overloaded|server|offline)$/.test(notice.kind);
}

/** Seconds that are announced: not each, but the first and where 60, 30 and 10 are passed. */
function announced(seconds: number, from: number): number {
  return [10, 30, 60].find((mark) => seconds <= mark && from > mark) ?? from;
}

/**
 * The only line between field and button. What is announced stands apart from what is seen, because it changes less often.
 * @param props `said`: the echo of a value as it was when typing paused.
 */
export function Status({ echo, said = '' }: { readonly echo?: Echo | undefined; readonly said?: string | undefined }) {
  const { notice, faults, screen } = state;
  if (notice) {
    const icon: IconName = notice.kind === 'offline' ? 'offline' : notice.until === undefined ? 'alert' : 'clock';
    const seconds = Math.max(1, Math.ceil(((notice.until ?? 0) - serverNow()) / 1000));
    const quiet = notice.kind === 'slow' || notice.kind === 'steps_incomplete';
    return (
      <Line
        tone={quiet ? '' : 'warn'}
        icon={quiet ? undefined : icon}
        said={say(notice.kind, { seconds: announced(seconds, notice.seconds ?? 0) })}
      >
        <Said words={notice.kind} values={{ seconds }} />
      </Line>
    );
  }
  const single = screen.at === 'code' || (screen.at === 'step' && state.settings.steps[screen.index]?.fields.length === 1);
  if (faults.length > 1) {
    return (
      <p class="status sum" role="alert">
        {say('twoErrors', { count: faults.length })}
      </p>
    );
  }
  if (faults.length === 1 && single) return <p class="status none" role="status" />;
  return (
    <Line tone={echo?.tone ?? ''} icon={echo?.tone === 'ok' ? 'check' : undefined} said={said}>
      {echo?.text && <Sentences text={echo.text} />}
    </Line>
  );
}

function Line({ tone, icon, said, children }: { tone: string; icon: IconName | undefined; said: string; children: ComponentChildren }) {
  return (
    <div class={`status ${tone}`}>
      {icon && <Icon name={icon} />}
      <span aria-hidden="true">{children}</span>
      <p class="vh" role="status">
        {said}
      </p>
    </div>
  );
}

function sentenceOf({ code, message, field }: FieldFault): string {
  const minimum = fieldsShown().find(({ name }) => name === field)?.minimum ?? 8;
  if (code === 'required' || code === 'code_empty')
    return say(field === codeField.name ? 'code_empty' : hasWords(`${field}_empty`) ? (`${field}_empty` as Key) : 'code_empty');
  return hasWords(code) ? say(code, { minimum }) : message;
}

function fieldsShown(): readonly Field[] {
  return (state.screen.at === 'step' && state.settings.steps[state.screen.index]?.fields) || [];
}

export function Fault({ fault }: { readonly fault: FieldFault }) {
  return (
    <span class="error" id={`${fault.field}-error`}>
      <Icon name="alert" />
      <span>
        <span class="vh">{say('error')}</span>
        <Sentences text={sentenceOf(fault)} />
      </span>
    </span>
  );
}

export const spoken = (text: Field['label'] | undefined) => text?.[language()];

export function labelOf(field: Field): string {
  const key = `${field.name}Label`;
  return hasWords(key) ? say(key) : (spoken(field.label) ?? field.name);
}

export function inputOf(field: Field, isLastStep: boolean): InputHTMLAttributes {
  const isCode = field === codeField;
  const fault = state.faults.find((one) => one.field === field.name);
  const described = [fault && `${field.name}-error`, 'hint'].filter(Boolean).join(' ');
  return {
    id: `${field.name}-field`,
    name: field.name,
    type: field.type === 'password' || field.type === 'tel' || field.type === 'email' ? field.type : 'text',
    autoComplete: isCode ? 'off' : (field.autocomplete ?? 'off'),
    autoCapitalize: isCode ? 'characters' : 'off',
    spellcheck: false,
    enterKeyHint: isCode ? 'go' : isLastStep ? 'done' : 'next',
    defaultValue: isCode ? state.code : (state.values[field.name] ?? ''),
    readOnly: isCompleting(),
    'aria-describedby': described,
    ...(fault && { 'aria-invalid': true }),
    ...(isCode && { autocorrect: 'off', translate: false, 'data-1p-ignore': true, 'data-lpignore': 'true' }),
    ...(field.type === 'password' && { passwordrules: `minlength: ${field.minimum ?? 8}; maxlength: 72;` }),
    ...(field.inputmode && { inputMode: field.inputmode }),
    ...(field.inputmode === 'numeric' && { pattern: '[0-9]*' }),
  } as InputHTMLAttributes;
}

export interface Question {
  readonly title: string;
  /** The example first; with a fault or a longer status only that is shown. */
  readonly hints: readonly string[];
  /** The last hint matters more than the others. */
  readonly stressed?: boolean;
  /** Below the button. */
  readonly after?: string | undefined;
}

interface SingleParts {
  readonly field: Field;
  readonly question: Question;
  readonly hidesHints?: boolean;
  readonly isLastStep?: boolean;
  readonly echoOf?: ((field: Field, value: string) => Echo | undefined) | undefined;
  /** Shapes what is typed while a character is added at its end. */
  readonly shape?: ((text: string) => string) | undefined;
}

/** One field, whose label is the heading. */
export function Single({ field, question, hidesHints = false, isLastStep = false, echoOf, shape }: SingleParts) {
  const { faults, notice, values, settled } = state;
  const fault = faults.find((one) => one.field === field.name);
  const isShort = fault !== undefined || isWaiting(notice) || notice?.kind === 'lost' || notice?.kind === 'noAnswer';
  const kind = ['input', field === codeField && 'code', (field.inputmode === 'numeric' || field.type === 'tel') && 'num'];
  return (
    <>
      <h1 class="title">
        <label for={`${field.name}-field`}>{question.title}</label>
      </h1>
      <div id="hint">
        {question.hints.map((hint, at) => (
          <p key={hint} class={hidesHints || (isShort && at > 0) ? 'vh' : at > 0 && question.stressed ? 'hint strong' : 'hint'}>
            <Sentences text={hint} />
          </p>
        ))}
      </div>
      {fault && <Fault fault={fault} />}
      <input class={kind.filter(Boolean).join(' ')} {...inputOf(field, isLastStep)} onInput={(event) => noteTyped(event, shape)} />
      <Status echo={echoOf?.(field, values[field.name] ?? '')} said={echoOf?.(field, settled[field.name] ?? '')?.text} />
    </>
  );
}

export function CodeScreen() {
  const isMistyped = state.faults.some((fault) => fault.code === 'invitation_mistyped');
  return (
    <form class="enter" method="post" action="/join" noValidate onSubmit={submit}>
      <Single
        field={codeField}
        question={{ title: say('codeTitle'), hints: [say('codeHint'), say('codeHint2')] }}
        hidesHints={isMistyped}
      />
      <Button label="next" />
    </form>
  );
}
