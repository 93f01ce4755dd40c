/** Text in both languages, as the server sends it. */
export interface Bilingual {
  readonly ko: string;
  readonly en: string;
}

/** One input of a step: what the server derives from its table of steps. */
export interface Field {
  /** The member of the request's body. */
  readonly name: string;
  readonly type: string;
  readonly autocomplete?: string;
  readonly inputmode?: string;
  readonly label?: Bilingual;
  readonly hint?: Bilingual;
  readonly example?: string;
  /** Least length, in characters. */
  readonly minimum?: number;
}

export interface Step {
  /** As in `remainingSteps`. */
  readonly name: string;
  /** Where it is sent to, by PUT. */
  readonly path: string;
  readonly title?: Bilingual;
  readonly fields: readonly Field[];
}

/** What the server writes into the page. */
export interface Settings {
  readonly brand: { readonly name: string | null; readonly logo: string | null; readonly color: string | null };
  readonly links: { readonly terms: string | null; readonly privacy: string | null; readonly contact: string | null };
  /** Where to go when the sign-up is complete. */
  readonly appUrl: string | null;
  readonly timeZone: string;
  readonly minimumAge: number | null;
  readonly language: 'ko' | 'en';
  /** In the order of the form. */
  readonly steps: readonly Step[];
  /** An operator looks at the page: nothing is sent. */
  readonly preview: boolean;
}
