import type { SettingKind } from './setting-kinds.ts';

/** One environment variable that the program reads. */
export interface Setting<Name extends string = string, Value = unknown, Default = string | undefined> extends SettingKind<Value> {
  readonly name: Name;
  /** As the operator would write it; undefined: not set. */
  readonly default: Default;
  /** One sentence for the page of settings. */
  readonly meaning: string;
  /** What a number counts, where there is something to count. */
  readonly unit?: string;
  /** A secret is shown in no sentence. */
  readonly secret: boolean;
}

/** Keeps the name and the kind of value in the type, so that reading the table gives typed values. */
export function setting<const Name extends string, Value, const Default extends string | undefined>(
  entry: Setting<Name, Value, Default>,
): Setting<Name, Value, Default> {
  return entry;
}
