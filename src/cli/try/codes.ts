import { type Check, success } from './checks.ts';
import type { Client, Outcome } from './client.ts';
import { verifyCode } from './requests.ts';
import { sessionIdOf } from './sessions.ts';

/** A code that was shown to the server and was not refused for itself. */
export interface ShownCode {
  readonly code: string;
  readonly outcome: Outcome;
}

export interface ChosenCodes {
  readonly shown: readonly ShownCode[];
  readonly refused: readonly { code: string; reason: string }[];
}

/** Shows one code after the other until `wanted` of them were not refused for themselves. */
export async function chooseCodes(client: Client, candidates: readonly string[], wanted: number): Promise<ChosenCodes> {
  const shown: ShownCode[] = [];
  const refused: { code: string; reason: string }[] = [];
  for (const code of candidates) {
    if (shown.length === wanted) break;
    const outcome = await client.send(verifyCode(code));
    const reason = outcome.kind === 'answer' ? refusalOfTheCode(outcome.body?.code) : undefined;
    if (reason) refused.push({ code, reason });
    else shown.push({ code, outcome });
    if (outcome.kind === 'silence') break;
  }
  return { shown, refused };
}

/** Every other refusal, such as `https_required`, speaks of the request or the server: the next code would fare no better. */
function refusalOfTheCode(problem: unknown): string | undefined {
  return typeof problem === 'string' && /^invitation_[a-z_]{1,40}$/.test(problem) ? problem : undefined;
}

/** Shows a code that has to be good. */
export function goodCode(code: string): Check {
  return {
    name: 'invitation_verify',
    title: { ko: '초대 코드 확인', en: 'invitation code accepted' },
    request: verifyCode(code),
    judge: (answer) => success('valid, sessionId (32 hex)', (body) => body.valid === true && sessionIdOf(answer) !== undefined)(answer),
    note: (answer) => ({
      sentence: { ko: '세션 {session}', en: 'session {session}' },
      values: { session: `${sessionIdOf(answer)?.slice(0, 7)}…` },
    }),
  };
}
