import type { TargetedMouseEvent } from 'preact';
import type { PageField as Field, PageStep as Step } from '../../../src/pages/schema.ts';
import { timeLeft, timeOfDay } from '../../shared/moments.ts';
import { serverNow } from '../../shared/server-clock.ts';
import { declineExtension, extend, noteTyped, state, submit } from '../flow.ts';
import { Button, type Echo, Fault, inputOf, labelOf, type Question, Single, Status, spoken } from '../forms.tsx';
import { hasWords, say } from '../words.ts';
import { Elsewhere } from './elsewhere.tsx';
import { echoBirthday, echoPassword, echoPhone, hyphened } from './reading.ts';

/** What the status line repeats of a value, by what the field is for. */
function echoOf(field: Field, value: string): Echo | undefined {
  if (field.autocomplete === 'bday') return echoBirthday(value);
  if (field.type === 'tel') return echoPhone(value);
  if (field.type === 'password') return echoPassword(value, field.minimum ?? 8);
  return undefined;
}

function questionOf(step: Step): Question {
  const [field] = step.fields;
  const titleKey = `${step.name}Title`;
  const title = hasWords(titleKey) ? say(titleKey) : (spoken(step.title) ?? (field ? labelOf(field) : step.name));
  const { minimumAge } = state.settings;
  if (field?.autocomplete === 'bday') {
    return { title, hints: [say('birthdayHint'), ...(minimumAge ? [say('birthdayAge', { age: minimumAge })] : [])] };
  }
  if (field?.type === 'tel') {
    const bound = state.session?.phoneBound;
    const hints = [...(field.example ? [say('example', { example: field.example })] : []), say(bound ? 'bound' : 'noCode')];
    return bound ? { title, hints, stressed: true, after: say('noCode') } : { title, hints };
  }
  const example = field?.example;
  const hints = [spoken(field?.hint), example && say('example', { example })];
  return { title, hints: hints.filter((hint) => hint !== undefined).filter((hint) => hint !== '') };
}

export function StepScreen({ step }: { readonly step: Step }) {
  const question = questionOf(step);
  const isLastStep = step === state.settings.steps.at(-1);
  const [field] = step.fields;
  const left = (state.session?.expiresAt ?? 0) - serverNow();
  return (
    <form class="enter" method="post" action="/join" noValidate onSubmit={submit} onInput={keepUserName}>
      {isLastStep ? <KeptPassword /> : step.fields.some((one) => one.type === 'password') && <UserName />}
      {step.fields.length === 1 && field ? (
        <Single
          field={field}
          question={question}
          isLastStep={isLastStep}
          echoOf={echoOf}
          shape={field.type === 'tel' ? hyphened : undefined}
        />
      ) : (
        <Several step={step} title={question.title} isLastStep={isLastStep} />
      )}
      <Button label={isLastStep ? 'signUp' : 'next'} />
      {question.after && <p class="after">{question.after}</p>}
      {left <= 5 * 60_000 && <p class="after">{say('until', { time: timeOfDay(state.session?.expiresAt ?? 0) })}</p>}
      {step.fields.some((one) => one.type === 'password') && <Elsewhere />}
    </form>
  );
}

/** Fields that belong together, in one frame; their errors stand in the line of the label. */
function Several({ step, title, isLastStep }: { step: Step; title: string; isLastStep: boolean }) {
  const password = step.fields.find((field) => field.type === 'password');
  const { values, settled } = state;
  return (
    <fieldset>
      <legend>
        <h1 class="title">{title}</h1>
      </legend>
      <div class="pair">
        {step.fields.map((field) => {
          const fault = state.faults.find((one) => one.field === field.name);
          return (
            <div key={field.name} class={fault ? 'pair-field bad' : 'pair-field'}>
              <div class="pair-label">
                <label for={`${field.name}-field`}>{labelOf(field)}</label>
                {fault && <Fault fault={fault} />}
              </div>
              <input class="pair-input" {...inputOf(field, isLastStep)} onInput={noteTyped} />
              {field.type === 'password' && <Reveal />}
            </div>
          );
        })}
      </div>
      <div id="hint">
        <Status
          echo={password && echoOf(password, values[password.name] ?? '')}
          said={password && echoOf(password, settled[password.name] ?? '')?.text}
        />
      </div>
    </fieldset>
  );
}

/** Shows and hides the password beside it. The form hides it again at its submission, so that password managers recognise it. */
function Reveal() {
  const toggle = ({ currentTarget: button }: TargetedMouseEvent<HTMLButtonElement>) => {
    const input = button.previousElementSibling as HTMLInputElement;
    reveal(input, button, input.type === 'password');
    button.form?.addEventListener('submit', () => reveal(input, button, false), { once: true });
  };
  return (
    <button type="button" class="pair-show" aria-pressed={false} aria-label={say('showPassword')} onClick={toggle}>
      {say('show')}
    </button>
  );
}

function reveal(input: HTMLInputElement, button: HTMLButtonElement, isShown: boolean): void {
  input.type = isShown ? 'text' : 'password';
  button.setAttribute('aria-pressed', String(isShown));
  button.textContent = say(isShown ? 'hide' : 'show');
}

/** Password managers store a name with the password: the phone number, once it is known. */
function UserName() {
  return <input class="vh" type="text" name="username" autoComplete="username" tabIndex={-1} aria-hidden="true" readOnly />;
}

/** The last form carries the password again, because managers offer to save what the form that signs up holds. */
function KeptPassword() {
  const password = state.values.password;
  if (!password) return null;
  return (
    <>
      <UserName />
      <input
        class="vh"
        type="password"
        name="kept"
        autoComplete="new-password"
        tabIndex={-1}
        aria-hidden="true"
        readOnly
        value={password}
      />
    </>
  );
}

function keepUserName({ target }: Event): void {
  const input = target as HTMLInputElement;
  const name = input.form?.elements.namedItem('username');
  if (input.type === 'tel' && name instanceof HTMLInputElement) name.value = input.value;
}

/** Whether the sign-up needs more time, from two minutes before it expires. */
export function ExtensionDialog() {
  if (state.extension !== 'asked' && state.extension !== 'refused') return null;
  const until = state.session?.expiresAt ?? 0;
  return (
    <dialog class="dialog" aria-labelledby="extension" ref={openModal} onClose={declineExtension}>
      <h2 id="extension">{say('extendTitle')}</h2>
      <p class="hint">{say(state.extension === 'refused' ? 'notExtended' : 'until', { time: timeOfDay(until) })}</p>
      <Clock until={until} />
      <div class="row">
        <button type="button" class="button quiet" onClick={declineExtension}>
          {say('close')}
        </button>
        {state.extension === 'asked' && (
          <button type="button" class="button" onClick={extend} autofocus>
            {say('extend')}
          </button>
        )}
      </div>
    </dialog>
  );
}

function openModal(dialog: HTMLDialogElement | null): void {
  if (dialog && !dialog.open) dialog.showModal();
}

/** @param props `until` in milliseconds since 1970, by the server's clock. */
export function Clock({ until }: { readonly until: number }) {
  return (
    <dl class="clock">
      <dt>{say('timeLeft')}</dt>
      <dd>{timeLeft(until - serverNow())}</dd>
    </dl>
  );
}
