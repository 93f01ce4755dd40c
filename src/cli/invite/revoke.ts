import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { addStopCommand } from './stop-command.ts';

/** `chodae invite revoke [code]` */
export function addInviteRevoke(invite: Command, context: CommandContext): void {
  addStopCommand(invite, context, 'revoke', {
    description: 'stop an invitation, or a whole campaign or batch, from the next request on',
    question: {
      ko: '초대 {code}을(를) 취소할까요? 가입하는 중인 사람도 막힙니다.',
      en: 'Revoke the invitation {code}? People who are signing up with it are stopped.',
    },
    questionOfCampaign: {
      ko: '캠페인 {campaign}을(를) 취소할까요? 초대 {total}개 중 {usable}개를 더는 쓸 수 없게 됩니다.',
      en: 'Revoke the campaign {campaign}? {usable} of its {total} invitations can be used now, and no longer then.',
    },
    done: { ko: '초대 {code}을(를) 취소했습니다.', en: 'The invitation {code} is revoked.' },
    doneWithCampaign: { ko: '캠페인 {campaign}을(를) 취소했습니다.', en: 'The campaign {campaign} is revoked.' },
    questionOfBatch: {
      ko: '묶음 {batch}의 초대를 모두 취소할까요? 가입하는 중인 사람도 막힙니다.',
      en: 'Revoke all invitations of the batch {batch}? People who are signing up with them are stopped.',
    },
    doneWithBatch: { ko: '초대 {found}개 중 {changed}개를 취소했습니다.', en: '{changed} of {found} invitations are revoked.' },
  });
}
