import { z } from 'zod';
import { countCodePoints, hasBidirectionalControl, hasUnusableCharacter, hasVisibleCharacter } from '../rules/well-formed-text.ts';
import type { SettingKind } from './setting-kinds.ts';

/** Code points. A longer name does not fit the first screen of a phone. */
const longestName = 40;
/** Characters of an address; what every browser and messenger takes. */
const longestAddress = 2_000;

/** The name of the product that people are invited to. */
export function brandName(): SettingKind<string> {
  const write = `a name of 1 to ${longestName} characters in one line`;
  const acceptable = (text: string) =>
    hasVisibleCharacter(text) && !hasUnusableCharacter(text) && !hasBidirectionalControl(text) && countCodePoints(text) <= longestName;
  const schema = z
    .string()
    .transform((text) => text.normalize('NFC'))
    .refine(acceptable, `write ${write}`);
  return { schema, write };
}

/** @returns `#RRGGBB`, upper case. */
export function color(): SettingKind<string> {
  const write = 'a colour as # and six hexadecimal digits, such as #2F6F4F';
  const schema = z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, `write ${write}`)
    .transform((text) => text.toUpperCase());
  return { schema, write };
}

/** An address that people are sent to. Only https, or http on this machine: a page that people trust must not lead to a script or an app. */
export function link(): SettingKind<string> {
  const write = 'https://HOST/PATH (http:// only for localhost)';
  return { schema: z.string().refine(isLink, `write ${write}`).transform(normalized), write };
}

/** Where people ask for help: a page, a mail address or a phone number. */
export function contact(): SettingKind<string> {
  const write = 'https://HOST/PATH, mailto:NAME@HOST or tel:+821012345678';
  const acceptable = (text: string) =>
    isLink(text) || /^mailto:[\w.+-]{1,64}@[\w.-]{1,253}$/i.test(text) || /^tel:\+?\d{3,15}$/i.test(text);
  return { schema: z.string().refine(acceptable, `write ${write}`).transform(normalized), write };
}

function isLink(text: string): boolean {
  if (text.length > longestAddress || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isAllowed = protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname));
  return isAllowed && username === '' && password === '';
}

function normalized(text: string): string {
  return new URL(text).href;
}
