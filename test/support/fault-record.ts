import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { testRounds } from './rounds.ts';

/** Whether this is `npm run test:faults:long`: as often, as long and as heavy as docs/reliability.md says. */
export const isLongForm = process.env.CHODAE_FAULTS === 'long';

/** @returns rounds of this run; `CHODAE_TEST_ROUNDS` goes before both. */
export function faultRounds(short: number, long: number): number {
  return testRounds(isLongForm ? long : short);
}

/** A row of the table in docs/reliability.md. */
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

/** Keeps what a long form has shown, for `scripts/write-reliability.ts`; a short form shows too little to be kept. Called once all assertions have held. */
export function recordFault(record: FaultRecord): void {
  if (!isLongForm) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${record.name}.json`), `${JSON.stringify({ ...record, at: new Date().toISOString() }, null, 2)}\n`);
}
