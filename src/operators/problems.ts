import { problemCatalogue } from '../problems.ts';

export const operatorProblems = problemCatalogue({
  operator_key_required: {
    status: 401,
    title: { ko: '운영자 키가 필요합니다', en: 'Operator key missing' },
    detail: {
      ko: 'Authorization: Bearer 뒤에 운영자 키를 넣어 보내세요. 키는 chodae key create 명령으로 만듭니다.',
      en: 'Send an operator key as Authorization: Bearer <key>. The command chodae key create makes one.',
    },
  },
  operator_key_invalid: {
    status: 401,
    title: { ko: '사용할 수 없는 운영자 키입니다', en: 'Operator key not valid' },
    detail: {
      ko: '이 운영자 키는 없거나, 기간이 지났거나, 취소되었습니다. 관리자에게 새 키를 요청하세요.',
      en: 'This operator key does not exist, has expired, or was revoked. Ask an admin for a new one.',
    },
  },
  role_insufficient: {
    status: 403,
    title: { ko: '권한이 부족합니다', en: 'Role not sufficient' },
    detail: {
      ko: '이 작업에는 {demanded} 권한이 필요한데, 이 키의 권한은 {held}입니다.',
      en: 'This needs the role {demanded}, and this key has the role {held}.',
    },
  },
  operator_key_unknown: {
    status: 404,
    title: { ko: '없는 운영자 키입니다', en: 'No such operator key' },
    detail: {
      ko: '이 ID의 운영자 키가 없습니다. 목록에서 ID를 확인하세요.',
      en: 'There is no operator key with this id. GET /admin/keys lists the ids.',
    },
  },
  key_label_taken: {
    status: 409,
    title: { ko: '이미 쓰는 라벨입니다', en: 'Label already in use' },
    detail: {
      ko: 'ID가 {id}인 키의 라벨과 구별할 수 없습니다. 감사 기록에 라벨이 남으므로 다른 라벨을 적거나, 먼저 그 키를 취소하세요.',
      en: 'The key {id} has this label, or one that looks the same. The audit log shows labels: enter another one, or revoke that key first.',
    },
  },
  key_shown_once: {
    status: 409,
    title: { ko: '이미 만든 키입니다', en: 'Key already made' },
    detail: {
      ko: '이 요청으로 만든 키는 이미 한 번 보여 드렸고 다시 볼 수 없습니다. 받지 못했다면 그 키를 취소하고, 새 Idempotency-Key로 다시 만드세요.',
      en: 'The key of this request was shown once and cannot be shown again. If you never got it, revoke it and make another with a new Idempotency-Key.',
    },
  },
});
