import { leave } from '../flow.ts';
import { say } from '../words.ts';
import { wayOut } from './in-app.ts';

/** On the screen of the password, in a browser inside another app: how to open the page where the password can be saved. */
export function Elsewhere() {
  const out = wayOut(navigator.userAgent, location.href);
  if (out === undefined) return null;
  if (out === '') return <p class="after">{say('elsewhereByMenu')}</p>;
  return (
    <p class="after">
      <a class="link" href={out} onClick={leave}>
        {say('elsewhere')}
      </a>
    </p>
  );
}
