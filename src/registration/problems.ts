import { timed, unusableInvitation } from '../invitations/problems.ts';
import { Problem, problemCatalogue } from '../problems.ts';
import { type StepRules, steps } from './steps.ts';
import type { SessionState } from './store.ts';

export const registrationProblems = problemCatalogue({
  session_not_found: {
    status: 404,
    title: { ko: '진행 중인 가입이 없습니다', en: 'No such sign-up' },
    detail: {
      ko: '시간이 지나 가입이 끝났거나 이미 가입되었습니다. 아직 가입하지 않았다면 초대 코드를 다시 입력해 처음부터 시작하세요.',
      en: 'Your time ran out, or you have signed up already. If you have not, start again with your invitation code.',
    },
  },
  already_signed_up: {
    status: 404,
    title: { ko: '이미 가입되었습니다', en: 'You have signed up already' },
    detail: {
      ko: '이 가입은 이미 완료되었습니다. 바뀐 것은 없습니다. 로그인하세요.',
      en: 'You have signed up already, and nothing was changed. Sign in.',
    },
  },
  session_required: {
    status: 401,
    title: { ko: '어느 가입인지 알 수 없습니다', en: 'No sign-up named' },
    detail: {
      ko: 'Authorization: Bearer 뒤에 초대 코드를 확인할 때 받은 sessionId를 넣어 보내세요.',
      en: 'Send the sessionId that verifying the invitation gave you as Authorization: Bearer <sessionId>.',
    },
  },
  steps_incomplete: {
    status: 409,
    title: { ko: '아직 남은 단계가 있습니다', en: 'Steps are missing' },
    detail: {
      ko: '아직 입력하지 않은 것이 있습니다: {missing}. 지금까지 입력한 내용은 그대로 있습니다.',
      en: 'Something is still missing: {missing}. What you entered so far is kept.',
    },
  },
  session_completed: {
    status: 409,
    title: { ko: '이미 완료된 가입입니다', en: 'Sign-up already completed' },
    detail: {
      ko: '다른 휴대폰 번호로 이미 가입되었습니다. 바뀐 것은 없습니다.',
      en: 'You have signed up already, with another phone number. Nothing was changed.',
    },
  },
  renewal_refused: {
    status: 409,
    title: { ko: '지금은 시간을 늘릴 수 없습니다', en: 'No more time right now' },
    detail: {
      ko: '다른 자리가 모두 찼습니다. {expiresAt}까지 다음 단계를 마치면 시간이 다시 늘어납니다.',
      en: 'Every other seat is taken. Finish the next step by {expiresAt}: that gives you more time.',
    },
  },
  phone_taken: {
    status: 409,
    title: { ko: '이미 가입된 번호입니다', en: 'Phone number already registered' },
    detail: {
      ko: '이 휴대폰 번호로 이미 가입되어 있습니다. 로그인하거나 다른 번호를 입력하세요. 지금까지 입력한 내용은 그대로 있습니다.',
      en: 'This phone number has an account already. Sign in, or enter another number; what you entered so far is kept.',
    },
  },
  sign_up_unknown: {
    status: 404,
    title: { ko: '진행 중인 가입이 아닙니다', en: 'No such sign-up' },
    detail: {
      ko: '이 attempt 값에 해당하는 진행 중인 가입이 없습니다. 이미 완료되었거나 만료되었을 수 있습니다. GET /admin/sessions에서 확인하세요.',
      en: 'No sign-up with this attempt is in progress: it may have been completed, expired or ended. GET /admin/sessions lists those in progress.',
    },
  },
  funnel_busy: {
    status: 503,
    retryAfterSeconds: 5,
    title: { ko: '다른 집계가 진행 중입니다', en: 'Another count is under way' },
    detail: {
      ko: '오래 걸리는 집계는 동시에 몇 개만 실행할 수 있습니다. 잠시 후 다시 시도하세요.',
      en: 'Only a few long counts run at a time, and others are waiting already. Try again in a moment.',
    },
  },
});

/** What `demandOpenSession` throws. */
export const openSessionProblems = [
  registrationProblems.session_not_found,
  registrationProblems.already_signed_up,
  unusableInvitation('used'),
  unusableInvitation('revoked'),
] as const;

/**
 * Checks that a session is alive and its invitation can still be completed.
 * @throws Problem one of `openSessionProblems`.
 */
export function demandOpenSession(session: SessionState): SessionState & { readonly expires_at: Date } {
  const { expires_at, still_open, state, user_id } = session;
  if (!expires_at || still_open === null) {
    throw new Problem(user_id === null ? registrationProblems.session_not_found : registrationProblems.already_signed_up);
  }
  if (!still_open) throw unusableInvitation(state === 'revoked' ? 'revoked' : 'used');
  return { ...session, expires_at };
}

/**
 * @returns the problem for a sign-up that has stored nothing while every other seat is taken.
 * @param expiresAt until when it still holds its seat.
 * @param timeZone of the time in the sentence; an IANA name.
 */
export function renewalRefused(expiresAt: Date, timeZone: string): Problem {
  return new Problem(registrationProblems.renewal_refused, timed('expiresAt', expiresAt, timeZone));
}

/** @returns the problem for a last step that comes while others are missing. The sentence names what they ask for. */
export function stepsIncomplete(missing: readonly string[], rules: StepRules): Problem {
  const labels = steps.filter(({ name }) => missing.includes(name)).flatMap((step) => step.form(rules).fields.map(({ label }) => label));
  const words = { ko: labels.map(({ ko }) => ko).join(', '), en: labels.map(({ en }) => en.toLowerCase()).join(', ') };
  return new Problem(registrationProblems.steps_incomplete, { values: { missing: words }, members: { missing } });
}
