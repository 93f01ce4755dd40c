import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/mobile';
import ms from 'ms';
import { z } from 'zod';
import { type PostgresqlReading, parsePostgresqlUrl } from './postgresql-address.ts';
import { urlShape } from './postgresql-url.ts';

/** How the text of a setting becomes a value. Schema messages continue the sentence `NAME is "text": …`. */
export interface SettingKind<Value> {
  readonly schema: z.ZodType<Value, string>;
  /** What to write, as a noun phrase: for the settings page and the messages. */
  readonly write: string;
}

/** @param note appended to the limits, such as `; 0 takes any free port`. */
export function wholeNumber(least: number, most: number, note = ''): SettingKind<number> {
  const write = `a whole number from ${least} to ${most}${note}`;
  return { schema: wholeNumberSchema(least, most, `write ${write}`), write };
}

function wholeNumberSchema(least: number, most: number, message: string): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message));
}

/** A whole number, or `off` for undefined. */
export function wholeNumberOrOff(least: number, most: number): SettingKind<number | undefined> {
  const write = `off, or a whole number from ${least} to ${most}`;
  const off = z
    .string()
    .toLowerCase()
    .pipe(z.literal('off'))
    .transform(() => undefined);
  const message = `write ${write}`;
  return { schema: z.union([off, wholeNumberSchema(least, most, message)], { error: message }), write };
}

/** The URL of a site, `https://host[:port][/path]`, without a trailing slash, user, query and fragment. */
export function publicUrl(): SettingKind<string> {
  const write = 'https://HOST, with a port or a path where it has one';
  const message = `write ${write}`;
  const acceptable = (text: string) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return (
      url !== undefined &&
      /^https?:$/.test(url.protocol) &&
      url.username === '' &&
      url.password === '' &&
      url.search === '' &&
      url.hash === ''
    );
  };
  const schema = z
    .string()
    .refine(acceptable, message)
    .transform((text) => new URL(text).href.replace(/\/+$/, ''));
  return { schema, write };
}

/**
 * A duration in seconds, written as the `ms` library reads it.
 * @param step milliseconds; the duration must be a multiple.
 */
export function duration(least: ms.StringValue, most: ms.StringValue, step: number, examples: string): SettingKind<number> {
  const write = `a duration from ${least} to ${most}, such as ${examples}; a bare number is seconds`;
  const message = `write ${write}`;
  const schema = z
    .string()
    .transform(milliseconds)
    .pipe(z.number({ error: message }).min(ms(least), message).max(ms(most), message).multipleOf(step, message))
    .transform((length) => length / 1000);
  return { schema, write };
}

/** @returns undefined if the text is not a duration. */
function milliseconds(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) * 1000 : ms(text as ms.StringValue);
}

/** Case-insensitive. */
export function choice<const Choice extends string>(choices: readonly Choice[]): SettingKind<Choice> {
  const write = `one of ${choices.join(', ')}`;
  return {
    schema: z
      .string()
      .toLowerCase()
      .pipe(z.enum(choices, { error: `write ${write}` })),
    write,
  };
}

/** A switch, by any of the usual words. */
export function onOrOff(): SettingKind<boolean> {
  const { schema, write } = choice(['on', 'off', 'true', 'false', '1', '0']);
  return { schema: schema.transform((text) => ['on', 'true', '1'].includes(text)), write };
}

/** A path, resolved against the working folder. */
export function folder(): SettingKind<string> {
  return pathOf('the path of a folder');
}

/** The same for a file; whether it can be read shows only when it is opened. */
export function file(what: string): SettingKind<string> {
  return pathOf(`the path of ${what}`);
}

function pathOf(write: string): SettingKind<string> {
  const message = `write ${write} in full: only a shell knows what "~" means`;
  return {
    schema: z
      .string()
      .refine((text) => !text.startsWith('~'), message)
      .transform((text) => resolve(text)),
    write,
  };
}

/** A listen address; whether this machine has it shows only when the server listens. */
export function listeningHost(): SettingKind<string> {
  const write = 'an address or a host name without scheme and port, such as 127.0.0.1, 0.0.0.0 or ::';
  const schema = z
    .string()
    .refine((text) => isIP(text) !== 0 || /^[\w.-]+$/.test(text), `write ${write}`)
    // Fastify would open a second server for the other address of `localhost`, without our handling of malformed requests.
    .transform((text) => (text === 'localhost' ? '127.0.0.1' : text));
  return { schema, write };
}

/** A region whose phone numbers libphonenumber knows. */
export function phoneRegion(): SettingKind<CountryCode> {
  const write = 'a region in two letters (ISO 3166-1), such as KR or US';
  const schema = z
    .string()
    .toUpperCase()
    .refine((text) => isSupportedCountry(text), `write ${write}`);
  return { schema, write };
}

/** A time zone that this Node.js knows. */
export function timeZone(): SettingKind<string> {
  const write = 'the IANA name of a time zone, such as Asia/Seoul or UTC';
  return { schema: z.string().refine(isTimeZone, `write ${write}`), write };
}

/** Offsets are not allowed: Node 22 accepts `+09:00` and Node 20 does not, and PostgreSQL inverts the sign. */
function isTimeZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The address of a database; each mistake in it becomes an issue. */
export function postgresqlUrl(): SettingKind<Extract<PostgresqlReading, { address: unknown }>> {
  const schema = z.string().transform((text, context) => {
    const reading = parsePostgresqlUrl(text);
    if ('address' in reading) return reading;
    for (const message of reading.mistakes) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
  return { schema, write: urlShape };
}
