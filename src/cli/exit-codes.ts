/** What the process tells the shell; every command keeps to these three. */
export const exitCodes = {
  success: 0,
  /** The thing was tried and did not work, or was refused. */
  refusal: 1,
  /** It was not even tried: a wrong option, a bad setting. */
  misuse: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Thrown by a command that was called wrongly in a way that only the command itself can see; the message goes to the reader as it is. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}

/** What the service said when it refused (RFC 9457), for readers of `--json`. */
export interface RefusedBy {
  readonly status: number;
  /** Such as `invitation_code_taken`; null where the answer was no problem document. */
  readonly code: string | null;
  readonly errors?: readonly { readonly field: string; readonly line?: number; readonly code: string; readonly message: string }[];
}

/** Thrown by a command whose work failed for a reason that needs no stack trace; the message goes to the reader as it is. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: RefusedBy | undefined;

  constructor(message: string, problem?: RefusedBy) {
    super(message);
    this.problem = problem;
  }
}
