import type { Database } from '../database/database.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import type { StepRules } from './steps.ts';

/** What the use cases of this slice depend on. */
export interface RegistrationServices {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly rules: StepRules;
  /** @returns a keyed hash of a network, the same in every process that shares the database. */
  readonly networkHash: (network: string) => string;
  /** Live sign-ups allowed per network on a single-seat invitation. Undefined: unlimited. */
  readonly signUpsPerNetwork: number | undefined;
  /** Called once per opened sign-up. */
  readonly onSessionOpened: (sessionId: string) => void;
  /** Called once per completed sign-up. A repeated request is not counted. */
  readonly onSeatClaimed: () => void;
}
