import type { Language } from '../errors.ts';

/** @returns the language of the person at the terminal, by the variables that POSIX names, the strongest first. */
export function languageFromEnvironment(environment: NodeJS.ProcessEnv): Language {
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return /^ko(?![a-z])/i.test(locale) ? 'ko' : 'en';
}
