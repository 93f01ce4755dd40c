import type { ComponentChildren } from 'preact';
import { Icon } from '../shared/icons.tsx';
import { chooseLanguage, language } from '../shared/language.ts';
import { goBack, state } from './flow.ts';
import { say } from './words.ts';

/** The brand's logo, or our own mark: the letter ㅊ. */
export function Logo() {
  const { logo } = state.settings.brand;
  if (logo) return <img class="logo" src={logo} alt="" />;
  return (
    <svg class="logo mark" viewBox="0 0 36 36" aria-hidden="true">
      <path d="M14.5 7h7M8.500 13.500h19M18 13.500c0 7-4 12-9.500 15M18.500 18c1.500 4.500 4.500 8.500 9 10.500" />
    </svg>
  );
}

/** @param props `step` from 1: shows progress; `mark`: the logo beside the brand's name. */
export function Shell({ step, mark, paint, children }: { step?: number; mark?: boolean; paint: () => void; children: ComponentChildren }) {
  const { settings, canGoBack } = state;
  const { brand, links, preview } = settings;
  const other = language() === 'ko' ? 'en' : 'ko';
  const switchLanguage = () => {
    chooseLanguage(other);
    paint();
  };
  const steps = settings.steps.length + 1;
  const shown = [
    [links.terms, say('terms')],
    [links.privacy, say('privacy')],
    [links.contact, say('contact')],
  ] as const;
  return (
    <div class="page">
      {preview && (
        <aside class="ribbon">
          <Icon name="eye" />
          {say('preview')}
        </aside>
      )}
      <div class="sheet">
        <header class="bar">
          {step === undefined ? (
            brand.name && (
              <span class="bar-brand">
                {mark && brand.logo && <Logo />}
                {brand.name}
              </span>
            )
          ) : (
            <>
              {canGoBack && (
                <button type="button" class="bar-back" aria-label={say('back')} onClick={goBack}>
                  <Icon name="back" />
                </button>
              )}
              <p class="bar-step">
                {brand.logo && <Logo />}
                <span>
                  <b>{step}</b>/{steps}
                </span>
              </p>
            </>
          )}
          <button type="button" class="bar-lang" lang={other} onClick={switchLanguage}>
            {other === 'en' ? 'English' : '한국어'}
          </button>
          {step !== undefined && (
            <div class="progress" aria-hidden="true">
              {Array.from({ length: steps }, (_, at) => (
                <i key={at} class={at < step ? 'on' : ''} />
              ))}
            </div>
          )}
        </header>
        <main class="main">{children}</main>
      </div>
      <footer class="foot">
        {shown.map(
          ([href, label]) =>
            href && (
              <a key={label} href={href} target="_blank" rel="noopener noreferrer">
                {label}
              </a>
            ),
        )}
      </footer>
    </div>
  );
}
