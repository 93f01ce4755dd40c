/** What people and programs put around, into and in place of the characters of a value when they type, copy and send it on. */

export type Spelling = (value: string) => string;

const wide = (text: string) => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
const around =
  (left: string, right = left): Spelling =>
  (value) =>
    `${left}${value}${right}`;

/** For any value: nothing here changes what a reader sees in it. */
export const commonSpellings: Readonly<Record<string, Spelling>> = {
  'as it is': (value) => value,
  'spaces around': around('  '),
  'a line end': (value) => `${value}\n`,
  'a Windows line end': (value) => `${value}\r\n`,
  'tabs around': around('\t'),
  'NBSP around': around('\u00a0'),
  'an ideographic space before': (value) => `\u3000${value}`,
  'direction marks of contacts': around('\u202a', '\u202c'),
  isolates: around('\u2068', '\u2069'),
  'a byte order mark': (value) => `\ufeff${value}`,
  'a zero-width space at the end': (value) => `${value}\u200b`,
  'a word joiner inside': (value) => `${value.slice(0, 3)}\u2060${value.slice(3)}`,
};

/** For values of digits and Latin letters. */
export const signSpellings: Readonly<Record<string, Spelling>> = {
  'full width': wide,
  'quotation marks': around('"'),
  'typographic quotation marks': around('“', '”'),
  'corner brackets': around('「', '」'),
  'a comma behind': (value) => `${value},`,
  backticks: around('`'),
  asterisks: around('*'),
  'non-breaking hyphens': (value) => value.replaceAll('-', '\u2011'),
  'en dashes': (value) => value.replaceAll('-', '–'),
  'minus signs': (value) => value.replaceAll('-', '−'),
};

/** For generated codes: messages, labels and links. */
export const codeSpellings: Readonly<Record<string, Spelling>> = {
  'lower case': (code) => code.toLowerCase(),
  'look-alikes': (code) => code.replaceAll('0', 'O').replaceAll('1', 'l'),
  'spaces for hyphens': (code) => code.replaceAll('-', ' '),
  'no hyphens': (code) => code.replaceAll('-', ''),
  'broken in two lines': (code) => `${code.slice(0, 6)}\r\n${code.slice(6)}`,
  'a label': around('Code: ', ''),
  'a Korean label': around('초대 코드: ', ''),
  'a label and quotation marks': around('Invitation code = "', '"'),
  'a full stop': (code) => `${code}.`,
  brackets: around('[', ']'),
  'a sentence': (code) => `Here is your invitation code ${code}, see you there!`,
  'a Korean sentence': (code) => `초대 코드는 ${code} 입니다. 감사합니다`,
  'a quoted mail': (code) => `> > ${code}`,
  'the link': (code) => `https://signup.example.com/join#${encodeURIComponent(code)}`,
  'the link in angle brackets': (code) => `<https://signup.example.com/join#${code}>`,
  'the link without its scheme': (code) => `signup.example.com/join#${code}`,
  'the link with a port': (code) => `http://127.0.0.1:8000/join#${code}`,
  'the link in a sentence': (code) => `Join us: https://signup.example.com/join#${code} (until Friday)`,
  'the link with a full stop': (code) => `https://signup.example.com/join#${code}.`,
  'the link with tracking behind': (code) => `https://signup.example.com/join?utm_source=kakao#${code}?fbclid=IwAR0x`,
  'a parameter': (code) => `https://signup.example.com/join?lang=ko&code=${encodeURIComponent(code)}&utm_source=x`,
  'the link broken in two lines': (code) => `https://signup.example.com/join#${code.slice(0, 6)}\n${code.slice(6)}`,
  'Facebook Messenger': (code) =>
    `https://l.facebook.com/l.php?u=${encodeURIComponent(`https://signup.example.com/join#${code}`)}&h=AT0abcDEF_12-x`,
  Instagram: (code) => `https://l.instagram.com/?u=${encodeURIComponent(`https://signup.example.com/join#${code}`)}&e=AT1xyz`,
  Slack: (code) => `<https://signup.example.com/join#${code}|signup.example.com/join>`,
  Outlook: (code) =>
    `https://nam02.safelinks.protection.outlook.com/?url=${encodeURIComponent(`https://signup.example.com/join#${code}`)}&data=05%7C01&reserved=0`,
  Google: (code) => `https://www.google.com/url?q=${encodeURIComponent(`https://signup.example.com/join#${code}`)}&sa=D`,
  LINE: (code) => `https://signup.example.com/join?openExternalBrowser=1#${code}`,
  Telegram: (code) => `https://t.me/iv?url=${encodeURIComponent(`https://signup.example.com/join#${code}`)}&rhash=1`,
  Markdown: (code) => `[join](https://signup.example.com/join#${code})`,
};
