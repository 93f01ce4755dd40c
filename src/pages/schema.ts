import type { Language, Sentence } from '../problems.ts';

/** One input of a step, as the page draws it. */
export interface PageField {
  /** The member of the request's body. */
  readonly name: string;
  /** The `type` of the input. */
  readonly type: 'text' | 'password' | 'email' | 'tel' | 'url';
  /** The HTML attribute (WCAG 1.3.5). */
  readonly autocomplete: string;
  /** The HTML attribute; without it the keyboard follows from the type. */
  readonly inputmode?: 'numeric' | 'decimal' | 'text';
  readonly label: Sentence;
  /** One or two short sentences below the label. */
  readonly hint?: Sentence;
  /** Something that the server accepts, or that the page turns into it. */
  readonly example?: string;
  /** Least number of characters. */
  readonly minimum?: number;
}

/** One step of the form. */
export interface PageStep {
  /** As in `remainingSteps`. */
  readonly name: string;
  /** Where the body goes by `PUT`, with the `session_id` added. */
  readonly path: string;
  readonly title: Sentence;
  readonly fields: readonly PageField[];
}

/** What the server writes into the page as JSON, in `<script id="settings">`. */
export interface PageSettings {
  readonly brand: {
    readonly name: string | null;
    /** The path of the logo on this server. */
    readonly logo: string | null;
    /** `#RRGGBB`. */
    readonly color: string | null;
  };
  readonly links: { readonly terms: string | null; readonly privacy: string | null; readonly contact: string | null };
  /** Where to go when the sign-up is complete. */
  readonly appUrl: string | null;
  /** IANA name. */
  readonly timeZone: string;
  /** Years. */
  readonly minimumAge: number | null;
  readonly language: Language;
  /** In the order of the form; the last one completes the sign-up. */
  readonly steps: readonly PageStep[];
  /** An operator looks at the page: it sends nothing. */
  readonly preview: boolean;
}
