import type { Database } from '../database/database.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import type { StepRules } from './steps.ts';

/** What the use cases of this slice work with. */
export interface RegistrationServices {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly rules: StepRules;
  /** Hears of each sign-up that was completed, once: a repeated request takes no seat. */
  readonly onSeatClaimed: () => void;
}
