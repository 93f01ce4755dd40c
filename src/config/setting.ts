import { z } from 'zod';
import type { SettingKind } from './setting-kinds.ts';

/** One environment variable that the program reads, as the settings page shows it. */
export interface Setting {
  readonly name: string;
  /** As the operator would write it. Undefined: not set. */
  readonly default: string | undefined;
  /** One sentence for the settings page. */
  readonly meaning: string;
  /** What to write, as a noun phrase. */
  readonly write: string;
  /** The unit of a number, if it has one. */
  readonly unit?: string;
  /** A secret is never shown in messages. */
  readonly secret?: boolean;
}

/** Reads the text of a setting, undefined if it is not set. */
export type SettingSchema<Value> = z.ZodType<Value, string | undefined> & { readonly row: Setting };

type Extras = Pick<Setting, 'unit' | 'secret'>;

/** @param meaning one sentence. */
export function setting<Value>(
  name: string,
  kind: SettingKind<Value>,
  fallback: string,
  meaning: string,
  extras: Extras = {},
): SettingSchema<Value> {
  const schema = z.string().default(fallback).pipe(kind.schema);
  return Object.assign(schema, { row: { name, default: fallback, meaning, write: kind.write, ...extras } });
}

/** A setting without a default: its value is undefined if it is not set. */
export function optionalSetting<Value>(
  name: string,
  kind: SettingKind<Value>,
  meaning: string,
  extras: Extras = {},
): SettingSchema<Value | undefined> {
  const schema = z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return undefined;
      const { data, error } = kind.schema.safeParse(text);
      for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message });
      return data;
    });
  return Object.assign(schema, { row: { name, default: undefined, meaning, write: kind.write, ...extras } });
}
