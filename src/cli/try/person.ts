import { randomBytes, randomInt } from 'node:crypto';

/** An invented person whom the service must accept. */
export interface Person {
  readonly name: string;
  readonly password: string;
  readonly birthday: string;
  readonly phone: string;
}

const familyNames = ['김', '이', '박', '최', '정', '강', '조', '윤', '장', '임', '한', '오'];
const givenSyllables = ['서', '민', '지', '하', '도', '윤', '예', '준', '은', '우', '수', '아', '현', '재', '유', '진'];

/** @returns a person of full age with a Korean name and mobile number, different every time. */
export function inventPerson(): Person {
  return {
    name: pick(familyNames) + pick(givenSyllables) + pick(givenSyllables),
    password: randomBytes(48).toString('base64url'),
    birthday: `${randomInt(1970, 2000)}-${twoDigits(randomInt(1, 13))}-${twoDigits(randomInt(1, 29))}`,
    phone: inventPhone(),
  };
}

/** @returns a Korean mobile number; its range has no gaps, while 010-5970 to 010-5999, for one, are not handed out. */
export function inventPhone(): string {
  return `010-${randomInt(2000, 5000)}-${String(randomInt(10_000)).padStart(4, '0')}`;
}

function pick(choices: readonly string[]): string {
  return choices[randomInt(choices.length)] ?? '';
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
