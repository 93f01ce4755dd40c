/** What the process tells the shell; every command keeps to these three. */
export const exitCodes = {
  success: 0,
  /** The work was tried and failed, or was refused. */
  failure: 1,
  /** Nothing was tried: a wrong option, a bad setting. */
  usage: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command was called wrongly; the message is printed as it is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The problem document that the service answered with (RFC 9457), for readers of `--json`. */
export interface AnsweredProblem {
  readonly status: number;
  /** Such as `invitation_code_taken`; null unless the answer was a problem document. */
  readonly code: string | null;
  readonly errors?: readonly { readonly field: string; readonly line?: number; readonly code: string; readonly message: string }[];
}

/** The command failed for a reason that needs no stack trace; the message is printed as it is. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly problem: AnsweredProblem | undefined;

  constructor(message: string, problem?: AnsweredProblem) {
    super(message);
    this.problem = problem;
  }
}
