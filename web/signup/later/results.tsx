import type { ComponentChildren } from 'preact';
import { Icon } from '../../shared/icons.tsx';
import { toward, type Values } from '../../shared/language.ts';
import { dayAndTime, timeOfDay } from '../../shared/moments.ts';
import { serverNow } from '../../shared/server-clock.ts';
import { type Refused, resume, start, startAnew, state, typeOtherCode } from '../flow.ts';
import { Button, Status, unlessInFlight } from '../forms.tsx';
import { Code, Said } from '../said.tsx';
import { Logo } from '../shell.tsx';
import { type Key, say } from '../words.ts';
import { Clock } from './steps.tsx';

/** The letter out of the envelope. */
export function Done() {
  const { appUrl, brand } = state.settings;
  const { name } = state.values;
  return (
    <section class="enter">
      <div class="letter rise">
        <div class="seal">
          <Logo />
          <span class="badge">
            <Icon name="check" />
          </span>
        </div>
        <h1 class="title" tabIndex={-1}>
          {say('doneTitle')}
        </h1>
        {name && (
          <p class="lede">
            <Said words="welcome" values={{ name }} />
          </p>
        )}
      </div>
      <svg class="pocket" viewBox="0 0 320 80" preserveAspectRatio="none" aria-hidden="true">
        <path d="M.5 0 L149 42 Q160 45 171 42 L319.500 0 V66 Q319.500 79.500 306 79.500 H14 Q.5 79.500 .5 66Z" />
      </svg>
      {appUrl ? (
        <a class="button" href={appUrl}>
          {brand.name ? say('toBrand', { brand: brand.name }) : say('toService')}
        </a>
      ) : (
        <p class="after">{say('mayClose')}</p>
      )}
    </section>
  );
}

const seals = {
  clock: 'M12 4v8.500l5.500 3',
  no: 'M6.500 6.500l11 11M17.500 6.500l-11 11',
  seats: 'M11 9a3 3 0 1 1-6 0a3 3 0 0 1 6 0M19.500 9a3 3 0 1 1-6 0a3 3 0 0 1 6 0M3 19c0-3 2-5 5-5s5 2 5 5M16 14c3 0 5 2 5 5',
  calendar: 'M6 6h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2M4 11h16M9 3v4M15 3v4',
  glass: 'M7 4h10M7 20h10M8 4c0 5 8 7 8 16M16 4c0 5-8 7-8 16',
  bang: 'M12 5v9M12 18.500v.01',
  more: 'M9 5l7 7-7 7',
  swap: 'M5 8h13l-3-3M19 16H6l3 3',
  check: 'M5 12.500l4.500 4.500L19 7.500',
} as const;

type Seal = keyof typeof seals;

/** The small envelope, whose seal says the state; opened for a used invitation, with the number for an age. */
function SmallEnvelope({ seal, age }: { readonly seal: Seal | 'open'; readonly age?: number | undefined }) {
  if (seal === 'open') {
    return (
      <svg class="mini" viewBox="0 0 88 78" aria-hidden="true">
        <path class="m-flap" d="M2 24 L39 3.500 Q44 1 49 3.500 L86 24Z" />
        <path class="m-in" d="M3 24h82L49 46q-5 2-10 0z" />
        <path d="M1.500 24 L38 46 Q44 49 50 46 L86.500 24 V65 A6 6 0 0 1 80.500 71 H7.500 A6 6 0 0 1 1.500 65Z" />
      </svg>
    );
  }
  return (
    <svg class="mini" viewBox="0 0 88 78" aria-hidden="true">
      <rect x="1.500" y="13" width="85" height="58" rx="6" />
      <path class="m-flap" d="M3 15 L39 41 Q44 44.500 49 41 L85 15 A6 6 0 0 0 80.500 13 H7.500 A6 6 0 0 0 3 15Z" />
      <circle class="m-seal" cx="44" cy="43" r="18" />
      {age ? (
        <text x="44" y="48.500">
          {age}
        </text>
      ) : (
        <path class="m-icon" transform="translate(32 31)" d={seals[seal]} />
      )}
    </svg>
  );
}

interface ResultParts {
  readonly seal: Seal | 'open';
  readonly age?: number | undefined;
  readonly title: string;
  readonly text?: Key | undefined;
  readonly values?: Values;
  /** A count-down or a code below the text. */
  readonly more?: ComponentChildren;
  readonly actions: ComponentChildren;
}

function Result({ seal, age, title, text, values = {}, more, actions }: ResultParts) {
  return (
    <section class="enter">
      <SmallEnvelope seal={seal} age={age} />
      <h1 class="title" tabIndex={-1}>
        {title}
      </h1>
      {text && (
        <p class="lede">
          <Said words={text} values={values} />
        </p>
      )}
      {more}
      <div class="actions">
        {state.notice && <Status />}
        {actions}
      </div>
    </section>
  );
}

function OtherCode({ asButton = false }: { readonly asButton?: boolean }) {
  if (asButton) return <Button label="otherCode" quiet onClick={typeOtherCode} />;
  return (
    <button type="button" class="link" onClick={typeOtherCode}>
      {say('otherCode')}
    </button>
  );
}

export function Resume() {
  return (
    <Result
      seal="more"
      title={say('resumeTitle')}
      text="resumeText"
      values={{ time: timeOfDay(state.session?.expiresAt ?? 0) }}
      actions={
        <>
          <Button label="resume" onClick={unlessInFlight(resume)} />
          <Button label="restart" quiet onClick={unlessInFlight(startAnew)} />
        </>
      }
    />
  );
}

export function OtherInvitation() {
  return (
    <Result
      seal="swap"
      title={say('otherTitle')}
      text="otherText"
      actions={
        <>
          <Button label="useThis" onClick={unlessInFlight(startAnew)} />
          <Button label="keepOld" quiet onClick={unlessInFlight(resume)} />
        </>
      }
    />
  );
}

/** A refusal that no field can put right; never red, because nothing was done wrong. */
export function Refusal({ refusal, late }: Refused) {
  const { settings } = state;
  const { brand, appUrl } = settings;
  switch (refusal.code) {
    case 'invitation_used':
      return (
        <Result
          seal="open"
          {...usedWords(late)}
          actions={late || !appUrl ? <OtherCode asButton /> : <ToService href={appUrl} brand={brand.name} />}
        />
      );
    case 'invitation_not_started': {
      const opens = Date.parse(refusal.startsAt ?? '');
      const isOpen = serverNow() >= opens;
      return (
        <Result
          seal="calendar"
          title={say('invitation_not_started', { day: dayAndTime(opens) })}
          text="invitation_not_startedText"
          more={<Clock until={opens} />}
          actions={
            <>
              {isOpen ? <Button label="start" onClick={unlessInFlight(start)} /> : <Waiting label="start" />}
              <OtherCode />
            </>
          }
        />
      );
    }
    case 'invitation_full': {
      const free = Date.parse(refusal.freeAt ?? '');
      return (
        <Result
          seal="seats"
          title={say('invitation_full')}
          text="invitation_fullText"
          values={{ time: timeOfDay(free) }}
          more={<Clock until={free} />}
          actions={
            <>
              <Button label="check" onClick={unlessInFlight(start)} />
              <OtherCode />
            </>
          }
        />
      );
    }
    case 'session_not_found':
    case 'session_required':
      return (
        <Result
          seal="glass"
          title={say('session_not_found')}
          text={state.code ? 'session_not_foundText' : undefined}
          more={
            state.code && (
              <p class="slip code">
                <Code code={state.code} />
              </p>
            )
          }
          actions={state.code ? <Button label="restartCode" onClick={unlessInFlight(start)} /> : <OtherCode asButton />}
        />
      );
    case 'birthday_below_minimum_age': {
      const age = settings.minimumAge ?? undefined;
      return (
        <Result
          seal="no"
          age={age}
          title={age ? say('birthday_below_minimum_age', { age }) : say('tooYoung')}
          text="birthday_below_minimum_ageText"
          actions={<Button label="close" quiet onClick={() => window.close()} />}
        />
      );
    }
    case 'already_signed_up':
    case 'session_completed':
      return (
        <Result
          seal="check"
          title={say(refusal.code)}
          text={refusal.code === 'session_completed' ? 'session_completedText' : undefined}
          actions={appUrl ? <ToService href={appUrl} brand={brand.name} /> : null}
        />
      );
    case 'https_required':
      return (
        <Result
          seal="bang"
          title={say('https_required')}
          actions={
            <a class="button" href={location.href.replace(/^http:/, 'https:')}>
              {say('httpsOpen')}
            </a>
          }
        />
      );
    case 'invitation_expired':
    case 'invitation_revoked':
      return (
        <Result
          seal={refusal.code === 'invitation_expired' ? 'clock' : 'no'}
          title={say(refusal.code)}
          text={`${refusal.code}Text`}
          actions={<OtherCode asButton />}
        />
      );
    default:
      return (
        <Result
          seal="bang"
          title={say('internal_error')}
          text="internal_errorText"
          more={refusal.requestId && <p class="slip code">{refusal.requestId}</p>}
          actions={<Button label="again" onClick={() => location.reload()} />}
        />
      );
  }
}

function usedWords(late: boolean): { title: string; text: Key; values?: Values } {
  const brand = state.settings.brand.name;
  if (late) return { title: say('usedLate'), text: 'usedLateText' };
  const title = say('invitation_used');
  return brand ? { title, text: 'invitation_usedBrandText', values: { brand } } : { title, text: 'invitation_usedText' };
}

function ToService({ href, brand }: { readonly href: string; readonly brand: string | null }) {
  return (
    <>
      <a class="button" href={href}>
        {brand ? say('goToBrand', { brand, brandTo: toward(brand) }) : say('goToService')}
      </a>
      <OtherCode />
    </>
  );
}

/** The button of what is not possible yet: it is there from the beginning, and takes its colour when the time has come. */
function Waiting({ label }: { readonly label: Key }) {
  return (
    <button type="button" class="button wait" aria-disabled="true">
      {say(label)}
    </button>
  );
}
