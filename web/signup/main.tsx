import { render } from 'preact';
import { paintBrand } from '../shared/brand.ts';
import { startLanguage } from '../shared/language.ts';
import { startMoments } from '../shared/moments.ts';
import './signup.css';
import type { PageSettings as Settings } from '../../src/pages/schema.ts';
import { Envelope } from './envelope.tsx';
import { startFlow, state } from './flow.ts';
import { CodeScreen } from './forms.tsx';
import { Shell } from './shell.tsx';
import { say } from './words.ts';

type LaterScreens = typeof import('./later/screens.ts');

let later: LaterScreens | undefined;
let focused = '';
let faulted: unknown;

function App() {
  const { screen, settings } = state;
  const step = screen.at === 'step' ? settings.steps[screen.index] : undefined;
  const place = screen.at === 'code' ? 1 : screen.at === 'step' ? screen.index + 2 : undefined;
  const isLetter = screen.at === 'envelope' || screen.at === 'done';
  return (
    <>
      <Shell paint={paint} mark={!isLetter} {...(place !== undefined && { step: place })}>
        <div key={keyOf()}>
          {screen.at === 'envelope' && <Envelope />}
          {screen.at === 'code' && <CodeScreen />}
          {later && screen.at === 'resume' && <later.Resume />}
          {later && screen.at === 'other' && <later.OtherInvitation />}
          {later && step && <later.StepScreen step={step} />}
          {later && screen.at === 'refused' && <later.Refusal {...screen} />}
          {later && screen.at === 'done' && <later.Done />}
        </div>
      </Shell>
      {later && step && <later.ExtensionDialog />}
    </>
  );
}

/** Loads the other screens while the first is read; the network may be away, so it is tried until it works. */
async function loadLater(): Promise<void> {
  try {
    later = await import('./later/screens.ts');
    paint();
  } catch {
    setTimeout(loadLater, 2000);
  }
}

function keyOf(): string {
  const { screen } = state;
  return screen.at === 'step' ? `step ${screen.index}` : screen.at === 'refused' ? `refused ${screen.refusal.code}` : screen.at;
}

/** Renders the state, names the page, and moves the focus: to a new screen's first field or heading, and to the first wrong field. */
function paint(): void {
  const root = document.getElementById('app');
  if (!root) return;
  render(<App />, root);
  name(root);
  const key = keyOf();
  if (!root.querySelector('h1')) return;
  const isNew = key !== focused;
  const isFirst = focused === '';
  focused = key;
  if (state.faults.length > 0 && (isNew || faulted !== state.faults)) root.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  else if (isNew) {
    const field = root.querySelector<HTMLElement>('input:not(.vh)');
    if (field) field.focus();
    else if (!isFirst) root.querySelector<HTMLElement>('h1')?.focus();
  }
  faulted = state.faults;
}

/** Names the page for the list of tabs and for screen readers; never with a code or a name. */
function name(root: HTMLElement): void {
  const place = state.screen.at === 'step' ? state.screen.index + 2 : state.screen.at === 'code' ? 1 : 0;
  const heading = root.querySelector('h1')?.textContent ?? '';
  const brand = state.settings.brand.name;
  const parts = [heading, ...(brand && !heading.includes(brand) ? [brand] : [])].join(' · ');
  document.title =
    (state.faults.length > 0 ? say('error') : '') + (place > 0 ? `${place}/${state.settings.steps.length + 1} ` : '') + parts;
}

const settings: Settings = JSON.parse(document.getElementById('settings')?.textContent ?? '');
startLanguage(settings.language);
startMoments(settings.timeZone);
if (settings.brand.color) paintBrand(settings.brand.color);
startFlow(settings, paint);
loadLater();
