import type { Sentence } from '../../problems.ts';
import type { AnsweredInvitation, ListedInvitation } from '../answers.ts';
import type { Operator } from '../as-operator.ts';
import { showMoment } from '../local-moment.ts';
import { type TableOutput, tableLines } from '../table.ts';

export const statusWords = {
  usable: { ko: '사용 가능', en: 'usable' },
  used: { ko: '사용됨', en: 'used' },
  expired: { ko: '만료됨', en: 'expired' },
  revoked: { ko: '취소됨', en: 'revoked' },
  not_started: { ko: '시작 전', en: 'not started' },
} satisfies Record<AnsweredInvitation['status'], Sentence>;

const colours = { usable: 'green', used: 'dim', expired: 'yellow', revoked: 'red', not_started: 'yellow' } as const;

const sentences = {
  code: { ko: '코드', en: 'CODE' },
  status: { ko: '상태', en: 'STATUS' },
  seats: { ko: '자리', en: 'SEATS' },
  campaign: { ko: '캠페인', en: 'CAMPAIGN' },
  expires: { ko: '만료', en: 'EXPIRES' },
  usedBy: { ko: '가입한 사람', en: 'USED BY' },
  seatsUsed: { ko: '{used}/{total}', en: '{used}/{total}' },
  held: { ko: '{used}/{total} ({held} 진행 중)', en: '{used}/{total} ({held} held)' },
  heldWithoutStep: {
    ko: '{used}/{total} ({held} 진행 중, 그중 {without} 입력 전)',
    en: '{used}/{total} ({held} held, {without} without a step)',
  },
  more: { ko: '{names} 외 {count}명', en: '{names} and {count} more' },
} satisfies Record<string, Sentence>;

/** @returns the lines of a list, titles first. */
export function invitationLines(invitations: readonly ListedInvitation[], { say, timeZone }: Operator, output: TableOutput): string[] {
  const columns = [
    { title: say(sentences.code) },
    { title: say(sentences.status), colour: (row: number) => colours[invitations[row]?.status ?? 'usable'] },
    { title: say(sentences.seats) },
    { title: say(sentences.campaign), shrinks: true },
    { title: say(sentences.expires) },
    { title: say(sentences.usedBy), shrinks: true },
  ] as const;
  const rows = invitations.map((invitation) => [
    invitation.code,
    say(statusWords[invitation.status]),
    seatsText(invitation, say),
    invitation.campaign ?? '',
    showMoment(invitation.expires_at, timeZone),
    namesOf(invitation, say),
  ]);
  return tableLines(columns, rows, output);
}

/** @returns such as `1/20 (2 held)`. @param inFull also how many of those held have no step yet. */
export function seatsText({ seats }: AnsweredInvitation, say: Operator['say'], inFull = false): string {
  // A service before this version does not tell.
  const { used, total, held, held_without_step: without = 0 } = seats;
  if (inFull && without > 0) return say(sentences.heldWithoutStep, { used, total, held, without });
  return say(held > 0 ? sentences.held : sentences.seatsUsed, { used, total, held });
}

function namesOf({ people, seats }: ListedInvitation, say: Operator['say']): string {
  const names = people.map((person) => person.name).join(', ');
  const count = seats.used - people.length;
  return people.length > 0 && count > 0 ? say(sentences.more, { names, count }) : names;
}
