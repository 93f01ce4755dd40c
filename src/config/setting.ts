import type { SettingKind } from './setting-kinds.ts';

/** One environment variable that the program reads. */
export interface Setting<Name extends string = string, Value = unknown, Default = string | undefined> extends SettingKind<Value> {
  readonly name: Name;
  /** As the operator would write it. Undefined: not set. */
  readonly default: Default;
  /** One sentence for the settings page. */
  readonly meaning: string;
  /** The unit of a number, if it has one. */
  readonly unit?: string;
  /** A secret is never shown in messages. */
  readonly secret: boolean;
}

/** Keeps the name and the kind of value in the type, so that reading the table gives typed values. */
export function setting<const Name extends string, Value, const Default extends string | undefined>(
  entry: Setting<Name, Value, Default>,
): Setting<Name, Value, Default> {
  return entry;
}
