import { start, state, typeOtherCode } from './flow.ts';
import { Button, Status, unlessInFlight } from './forms.tsx';
import { Code } from './said.tsx';
import { Logo } from './shell.tsx';
import { say } from './words.ts';

/** The sealed envelope: an invitation by link. */
export function Envelope() {
  const { brand, steps } = state.settings;
  return (
    <section class="enter">
      <div class="env">
        <svg class="env-flap" viewBox="0 0 320 84" preserveAspectRatio="none" aria-hidden="true">
          <path d="M-1 -1 L149 77 Q160 82.500 171 77 L321 -1Z" />
        </svg>
        <div class="seal">
          <Logo />
        </div>
        <h1 class="title" tabIndex={-1}>
          {brand.name ? say('invitedTo', { brand: brand.name }) : say('invited')}
        </h1>
        <dl class="env-code">
          <dt>
            <span>{say('code')}</span>
            <button type="button" onClick={typeOtherCode}>
              {say('otherCode')}
            </button>
          </dt>
          <dd class="code" translate={false}>
            <Code code={state.code} />
          </dd>
        </dl>
      </div>
      <div class="actions">
        {state.notice && <Status />}
        <Button label="start" onClick={unlessInFlight(start)} />
      </div>
      <p class="after">{say('length', { steps: steps.length + 1 })}</p>
    </section>
  );
}
