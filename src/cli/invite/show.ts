import type { Command } from 'commander';
import type { Sentence } from '../../problems.ts';
import { type AnsweredPerson, invitationWithPeople, type ListedInvitation } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { showMoment, showMomentAndZone } from '../local-moment.ts';
import { printResult } from '../output.ts';
import { tableLines } from '../table.ts';
import { findInvitation } from './find-invitation.ts';
import { seatsText, statusWords } from './show-invitations.ts';

const labels = {
  code: { ko: '코드', en: 'Code' },
  link: { ko: '링크', en: 'Link' },
  status: { ko: '상태', en: 'Status' },
  seats: { ko: '자리', en: 'Seats' },
  campaign: { ko: '캠페인', en: 'Campaign' },
  note: { ko: '메모', en: 'Note' },
  phone: { ko: '휴대폰 번호', en: 'Phone' },
  created: { ko: '만든 때', en: 'Created' },
  createdBy: { ko: '만든 사람', en: 'Created by' },
  starts: { ko: '시작', en: 'Starts' },
  expires: { ko: '만료', en: 'Expires' },
  revoked: { ko: '취소한 때', en: 'Revoked' },
  batch: { ko: '묶음', en: 'Batch' },
  id: { ko: '번호', en: 'Id' },
} satisfies Record<string, Sentence>;

const sentences = {
  campaignRevoked: { ko: '{status} (캠페인 전체)', en: '{status} (with its campaign)' },
  unused: { ko: '아직 아무도 가입하지 않았습니다.', en: 'No sign-ups with it yet.' },
  name: { ko: '이름', en: 'NAME' },
  signedUp: { ko: '가입한 때', en: 'SIGNED UP' },
  user: { ko: '회원 번호', en: 'USER' },
  newest: { ko: '{used}명 중 최근 {count}명', en: 'the newest {count} of {used}' },
} satisfies Record<string, Sentence>;

/** `chodae invite show <code>` */
export function addInviteShow(invite: Command, context: CommandContext): void {
  const command = invite
    .command('show')
    .description('show everything about one invitation, with the people who used it')
    .argument('<code>', 'its code, or its id');
  addOperatorOptions(command).action((code: string, flags: OperatorFlags) =>
    asOperator(context, flags, (operator) => show(code, operator, flags)),
  );
}

async function show(code: string, operator: Operator, { json }: OperatorFlags): Promise<void> {
  const { id } = await findInvitation(code, operator);
  const { body } = await operator.client.request({ method: 'GET', path: `/admin/invitations/${id}` }, invitationWithPeople);
  printResult(operator, json, body, [...factLines(body, operator), '', ...peopleLines(body, operator)]);
}

/** One line for each thing that is set. */
function factLines(invitation: ListedInvitation, { say, timeZone }: Operator): string[] {
  const status = say(statusWords[invitation.status]);
  const facts: Partial<Record<keyof typeof labels, string>> = {
    code: invitation.code,
    link: invitation.link ?? '',
    status: invitation.campaign_revoked ? say(sentences.campaignRevoked, { status }) : status,
    seats: seatsText(invitation, say, true),
    campaign: invitation.campaign ?? '',
    note: invitation.note ?? '',
    phone: invitation.phone ?? '',
    starts: showMomentAndZone(invitation.starts_at, timeZone),
    expires: showMomentAndZone(invitation.expires_at, timeZone),
    revoked: showMomentAndZone(invitation.revoked_at, timeZone),
    created: showMomentAndZone(invitation.created_at, timeZone),
    createdBy: invitation.created_by ?? '',
    batch: invitation.batch ?? '',
    id: String(invitation.id),
  };
  const rows = Object.entries(facts).filter(([, value]) => value !== '');
  const [, ...lines] = tableLines(
    [{ title: '' }, { title: '' }],
    rows.map(([name, value]) => [say(labels[name as keyof typeof labels]), value]),
    // Facts are never cut: a terminal breaks long lines by itself.
    { write() {} },
  );
  return lines;
}

function peopleLines({ people, seats }: ListedInvitation, { say, stdout, timeZone }: Operator): string[] {
  if (people.length === 0) return [say(sentences.unused)];
  const columns = [
    { title: say(sentences.name), shrinks: true },
    { title: say(sentences.signedUp) },
    { title: say(sentences.user), align: 'right' },
  ] as const;
  const row = ({ name, created_at, user_id }: AnsweredPerson) => [name, showMoment(created_at, timeZone), String(user_id)];
  const lines = tableLines(columns, people.map(row), stdout);
  return seats.used > people.length ? [...lines, say(sentences.newest, { count: people.length, used: seats.used })] : lines;
}
