import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { addStopCommand } from './stop-command.ts';

/** `chodae invite restore [code]` */
export function addInviteRestore(invite: Command, context: CommandContext): void {
  addStopCommand(invite, context, 'restore', {
    description: 'let a revoked invitation, or a whole campaign, work again',
    question: { ko: '초대 {code}의 취소를 되돌릴까요?', en: 'Let the invitation {code} work again?' },
    questionOfCampaign: {
      ko: '캠페인 {campaign}의 취소를 되돌릴까요? 초대가 {total}개 있습니다. 하나씩 취소한 초대는 그대로 취소되어 있습니다.',
      en: 'Let the campaign {campaign} work again? It has {total} invitations; those that were revoked one by one stay revoked.',
    },
    done: { ko: '초대 {code}의 취소를 되돌렸습니다.', en: 'The invitation {code} works again.' },
    doneWithCampaign: { ko: '캠페인 {campaign}의 취소를 되돌렸습니다.', en: 'The campaign {campaign} works again.' },
    questionOfBatch: { ko: '묶음 {batch}의 초대를 모두 되살릴까요?', en: 'Restore all invitations of the batch {batch}?' },
    doneWithBatch: { ko: '초대 {found}개 중 {changed}개를 되살렸습니다.', en: '{changed} of {found} invitations are restored.' },
  });
}
