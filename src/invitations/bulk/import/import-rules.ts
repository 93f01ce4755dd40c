import { fieldRules } from '../../../problems.ts';

/** What can be wrong with a line of a file of invitations, beside what each value by itself can have. */
export const importRules = fieldRules({
  code_twice: {
    ko: '이 코드는 {line}번째 줄에 이미 있습니다. 한 파일에는 같은 코드를 한 번만 적으세요.',
    en: 'This code is in line {line} already. A file has each code once.',
  },
  code_alike: {
    ko: '이미 있는 코드 {other}과(와) 대소문자, 빈칸, 하이픈이나 비슷한 글자만 달라서 사람들이 구별할 수 없습니다. 다른 코드를 적으세요.',
    en: 'This code differs from {other}, which exists already, only in case, spaces, hyphens or look-alikes: people cannot tell them apart. Write another one.',
  },
  code_alike_in_file: {
    ko: '이 코드는 {line}번째 줄의 코드와 대소문자, 빈칸, 하이픈이나 비슷한 글자만 달라서 사람들이 구별할 수 없습니다. 다른 코드를 적으세요.',
    en: 'This code differs from the one in line {line} only in case, spaces, hyphens or look-alikes: people cannot tell them apart. Write another one.',
  },
  seats_number: {
    ko: '1부터 1000000까지의 숫자만 적거나 비워 두세요.',
    en: 'Write a number from 1 to 1000000, in digits alone, or nothing.',
  },
  seats_in_use: {
    ko: '이미 {used}명이 가입한 초대입니다. 그보다 적게 줄일 수 없습니다.',
    en: 'People who have signed up with this invitation: {used}. Its seats cannot be fewer.',
  },
  admins_only: {
    ko: '관리자(admin) 키로만 쓸 수 있습니다.',
    en: 'Only a key with the role admin may ask for this.',
  },
  campaign_revoked: {
    ko: '취소된 캠페인입니다. 먼저 캠페인을 되살리거나 다른 이름을 적으세요.',
    en: 'This campaign was revoked. Restore it first, or write another one.',
  },
});
