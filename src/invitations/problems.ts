import { Problem, type ProblemDetails, problemCatalogue } from '../problems.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import { wordedMoment } from '../rules/worded-moment.ts';
import type { InvitationState } from './availability.ts';
import { isMistypedCode, isNoCodeOfOurs } from './code-shape.ts';
import { readTypedCode } from './typed-code.ts';

/**
 * Why an invitation cannot be used. The reasons are distinguished on purpose: an honest invitee must know what to ask for. And what
 * operators cannot do with invitations.
 */
export const invitationProblems = problemCatalogue({
  invitation_not_found: {
    status: 404,
    title: { ko: '없는 초대 코드입니다', en: 'No such invitation' },
    detail: {
      ko: '이 초대 코드를 찾을 수 없습니다. 받은 코드와 글자 하나하나를 비교해 보세요.',
      en: 'There is no invitation with this code. Compare it with the one you were given, letter by letter.',
    },
  },
  invitation_mistyped: {
    status: 404,
    title: { ko: '초대 코드에 오타가 있습니다', en: 'Invitation code mistyped' },
    detail: {
      ko: '초대 코드의 글자 하나가 잘못된 것 같습니다. 받은 코드와 비교해 보세요. O와 0, I·L과 1은 같은 글자로 봅니다.',
      en: 'One character of the code seems mistyped. Compare it with the one you were given. O and 0 count as the same, and so do I, L and 1.',
    },
  },
  invitation_link_without_code: {
    status: 404,
    title: { ko: '초대 코드가 없는 주소입니다', en: 'No code in this address' },
    detail: {
      ko: '붙여 넣은 주소에 초대 코드가 없습니다. 받은 링크 전체를 붙여 넣거나, 초대 코드만 입력하세요.',
      en: 'The address that you pasted holds no invitation code. Paste the whole link that you were given, or enter the code alone.',
    },
  },
  invitation_used: {
    status: 410,
    title: { ko: '이미 사용된 초대입니다', en: 'Invitation already used' },
    detail: {
      ko: '이미 사용된 초대 코드입니다. 가입했다면 로그인하고, 아니라면 초대한 사람에게 새 코드를 요청하세요.',
      en: 'This invitation has been used. If that was you, sign in; if not, ask the person who invited you for a new code.',
    },
  },
  invitation_expired: {
    status: 410,
    title: { ko: '기간이 지난 초대입니다', en: 'Invitation expired' },
    detail: {
      ko: '이 초대 코드의 사용 기간이 끝났습니다. 초대한 사람에게 새 코드를 요청하세요.',
      en: 'This invitation has expired. Ask the person who invited you for a new code.',
    },
  },
  invitation_revoked: {
    status: 410,
    title: { ko: '취소된 초대입니다', en: 'Invitation revoked' },
    detail: {
      ko: '이 초대는 취소되었습니다. 초대한 사람에게 문의하세요.',
      en: 'This invitation was withdrawn. Ask the person who invited you.',
    },
  },
  invitation_not_started: {
    status: 403,
    title: { ko: '아직 시작되지 않은 초대입니다', en: 'Invitation not open yet' },
    detail: {
      ko: '이 초대는 {startsAt}에 열립니다. 그때 다시 시도하세요.',
      en: 'This invitation opens on {startsAt}. Try again then.',
    },
  },
  invitation_phone_mismatch: {
    status: 403,
    title: { ko: '다른 번호로 보낸 초대입니다', en: 'Invitation is for another phone number' },
    detail: {
      ko: '이 초대는 다른 휴대폰 번호로 보낸 것입니다. 초대를 받은 번호를 입력하세요.',
      en: 'This invitation was made for another phone number. Enter the number that was invited.',
    },
  },
  invitation_full: {
    status: 409,
    title: { ko: '지금은 남은 자리가 없습니다', en: 'Every seat is held right now' },
    detail: {
      ko: '다른 사람들이 가입하고 있어 지금은 남은 자리가 없습니다. {freeAt}쯤 자리가 날 수 있으니 그때 다시 시도하세요.',
      en: 'Other people who are signing up hold every seat right now. One may be free at about {freeAt}: try again then.',
    },
  },
  invitation_code_taken: {
    status: 409,
    title: { ko: '이미 있는 코드입니다', en: 'Code already taken' },
    detail: {
      ko: '이 코드로 된 초대가 이미 있습니다. 다른 코드를 고르세요.',
      en: 'An invitation with this code already exists. Choose another code.',
    },
  },
  invitation_code_alike: {
    status: 409,
    title: { ko: '구별할 수 없는 코드입니다', en: 'Code too much like another one' },
    detail: {
      ko: '코드 {code}은(는) 이미 있는 코드 {other}과(와) 대소문자, 빈칸, 하이픈이나 비슷한 글자(O와 0, I·L과 1)만 달라서 사람들이 구별할 수 없습니다. 다른 코드를 고르거나, 그 초대를 그대로 쓰세요.',
      en: 'The code {code} differs from {other}, which exists already, only in case, spaces, hyphens or look-alikes (O and 0; I, L and 1): people cannot tell them apart. Choose another code, or use the existing invitation.',
    },
  },
  campaign_revoked: {
    status: 409,
    title: { ko: '취소된 캠페인입니다', en: 'Campaign revoked' },
    detail: {
      ko: '이 캠페인은 취소되어 그 초대를 쓸 수 없습니다. 먼저 캠페인을 되살리세요.',
      en: 'This campaign was revoked, so its invitations cannot be used. Restore the campaign first.',
    },
  },
  invitation_unknown: {
    status: 404,
    title: { ko: '없는 초대입니다', en: 'No such invitation' },
    detail: { ko: '이 ID의 초대가 없습니다.', en: 'There is no invitation with this id.' },
  },
  campaign_unknown: {
    status: 404,
    title: { ko: '없는 캠페인입니다', en: 'No such campaign' },
    detail: {
      ko: '이 이름의 캠페인이 없습니다. 철자와 대소문자를 확인하세요.',
      en: 'There is no campaign of this name. Check its spelling and its case.',
    },
  },
  batch_unknown: {
    status: 404,
    title: { ko: '없는 묶음입니다', en: 'No such batch' },
    detail: { ko: '이 batch로 만든 초대가 없습니다.', en: 'No invitation was made with this batch.' },
  },
  seats_in_use: {
    status: 409,
    title: { ko: '사용된 자리보다 적습니다', en: 'Fewer seats than are used' },
    detail: {
      ko: '이 초대로 이미 {used}명이 가입했습니다. 자리 수를 그 이상으로 정하세요.',
      en: 'This invitation already has {used} used seats. Give it at least as many.',
    },
  },
  invitation_changed: {
    status: 412,
    title: { ko: '그 사이에 바뀐 초대입니다', en: 'Invitation changed meanwhile' },
    detail: {
      ko: '조회한 뒤에 다른 사람이 이 초대를 변경했습니다. 다시 조회해 확인한 다음 보내세요. 변경된 내용은 없습니다.',
      en: 'This invitation was changed since you read it. Read it again, then repeat your change. Nothing was changed.',
    },
  },
  version_required: {
    status: 428,
    title: { ko: 'If-Match가 필요합니다', en: 'If-Match missing' },
    detail: {
      ko: '초대를 조회할 때 받은 ETag 값을 If-Match 헤더에 넣어 보내세요. 버전과 관계없이 덮어쓰려면 *를 보내세요.',
      en: 'Send the ETag that you got with the invitation as If-Match, or * to overwrite any version.',
    },
  },
});

/** SQL by others may have stored `infinity`. */
const never = '9999-12-31T23:59:59.999Z';

/** @returns the problem for an invitation that is not usable any more. */
export function unusableInvitation(state: Exclude<InvitationState, 'usable' | 'not_started'>): Problem {
  return new Problem(invitationProblems[`invitation_${state}`]);
}

/**
 * @returns the problem for an invitation that begins later.
 * @param timeZone of the time in the sentence; an IANA name.
 */
export function notStarted(startsAt: Date | null, timeZone: string): Problem {
  return new Problem(invitationProblems.invitation_not_started, timed('startsAt', new Date(shownMoment(startsAt) ?? never), timeZone));
}

/**
 * @returns the problem if every seat is held.
 * @param freeAt when the first of them may become free.
 * @param timeZone of the time in the sentence; an IANA name.
 */
export function everySeatHeld(freeAt: Date | null, timeZone: string): Problem {
  return new Problem(invitationProblems.invitation_full, timed('freeAt', freeAt ?? new Date(), timeZone, 'up'));
}

/**
 * A moment in a problem: words for people in the sentence, RFC 3339 for programs in the member.
 * @param name of the placeholder and of the member.
 * @param timeZone of the sentence; an IANA name.
 * @param minute `up`: the sentence says the minute after, so that a seat is free when the person comes back.
 */
export function timed(name: string, moment: Date, timeZone: string, minute: 'down' | 'up' = 'down'): ProblemDetails {
  const worded = minute === 'up' ? new Date(Math.ceil(moment.getTime() / 60_000) * 60_000) : moment;
  return { values: { [name]: wordedMoment(worded, timeZone) }, members: { [name]: moment.toISOString() } };
}

/**
 * @returns the problem for an unknown code.
 * @param typed as typed.
 */
export function unknownCode(typed: string): Problem {
  const { plain, isAddress } = readTypedCode(typed);
  if (isAddress) return new Problem(invitationProblems.invitation_link_without_code);
  return new Problem(isMistypedCode(plain) ? invitationProblems.invitation_mistyped : invitationProblems.invitation_not_found);
}

/**
 * Whether an error means a wrong guess at a code, which is charged. A code that is certainly mistyped is not a guess, because no code of ours
 * looks like that; one without groups could be a custom code.
 * @param error what `verifyInvitation` threw.
 * @param typed as typed.
 */
export function isMissedGuess(error: unknown, typed: string): boolean {
  if (!(error instanceof Problem)) return false;
  const { invitation_not_found, invitation_mistyped } = invitationProblems;
  return error.kind === invitation_not_found || (error.kind === invitation_mistyped && !isNoCodeOfOurs(readTypedCode(typed).plain));
}
