import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { testRounds } from './rounds.ts';

/** Whether this is `npm run test:faults:long`: as often, as long and as heavy as docs/evidence/reliability.md says. */
export const isLongForm = process.env.CHODAE_FAULTS === 'long';

/** @returns rounds of this run; `CHODAE_TEST_ROUNDS` goes before both. */
export function faultRounds(short: number, long: number): number {
  return testRounds(isLongForm ? long : short);
}

/** A row of the table in docs/evidence/reliability.md. */
export interface FaultRecord {
  /** Its file in .cache/faults, such as `killed-replica`; a later run writes over it. */
  readonly name: string;
  /** What was done, with the number of times. */
  readonly fault: string;
  /** What must hold. */
  readonly demand: string;
  /** What was counted and measured, with units. */
  readonly seen: string;
}

const folder = fileURLToPath(new URL('../../.cache/faults', import.meta.url));

/** Stores the results of a long form for `scripts/write-reliability.ts`; those of a short form are too weak. Called after all assertions have held. */
export function recordFault(record: FaultRecord): void {
  if (!isLongForm) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${record.name}.json`), `${JSON.stringify({ ...record, at: new Date().toISOString() }, null, 2)}\n`);
}
