import type { Database } from '../database/database.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import type { StepRules } from './steps.ts';

/** What the use cases of this slice work with. */
export interface RegistrationServices {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly rules: StepRules;
  /** @returns a keyed hash of a network, the same in every process that shares the database. */
  readonly networkHash: (network: string) => string;
  /** Live sign-ups that one network may have on an invitation with one seat; undefined: any number. */
  readonly signUpsPerNetwork: number | undefined;
  /** Hears of each sign-up that was completed, once: a repeated request takes no seat. */
  readonly onSeatClaimed: () => void;
}
