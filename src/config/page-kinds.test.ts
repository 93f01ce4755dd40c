import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ConfigError, readConfig } from './read-config.ts';

function mistakesOf(name: string, text: string): readonly string[] {
  try {
    readConfig({ [name]: text });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.mistakes;
  }
}

test('the settings of the sign-up page become its part of the configuration', () => {
  const { page } = readConfig({
    BRAND_NAME: ' 모아 & <Co> ',
    BRAND_LOGO: 'brand/logo.svg',
    BRAND_COLOR: '#2f6f4f',
    BRAND_IMAGE: 'brand/card.png',
    TERMS_URL: 'https://example.com/약관?v=2#top',
    PRIVACY_URL: 'http://localhost:3000/privacy',
    CONTACT_URL: 'mailto:help@example.com',
    APP_URL: 'https://app.example.com',
  });
  assert.deepEqual(page, {
    brand: { name: '모아 & <Co>', logoFile: resolve('brand/logo.svg'), color: '#2F6F4F', imageFile: resolve('brand/card.png') },
    links: {
      terms: 'https://example.com/%EC%95%BD%EA%B4%80?v=2#top',
      privacy: 'http://localhost:3000/privacy',
      contact: 'mailto:help@example.com',
    },
    appUrl: 'https://app.example.com/',
  });
});

const refused: Readonly<Record<string, readonly string[]>> = {
  BRAND_NAME: ['가'.repeat(41), 'two\nlines', '\u202eevil', '\u200b'],
  BRAND_COLOR: ['green', '2F6F4F', '#2F6', '#2F6F4F80', 'url(x)', '#2F6F4G'],
  BRAND_LOGO: ['~/logo.svg'],
  TERMS_URL: [
    'example.com',
    'http://example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    '/terms',
    '//example.com',
    'https://ann:pw@example.com',
    `https://example.com/${'x'.repeat(2_000)}`,
  ],
  PRIVACY_URL: ['ftp://example.com'],
  CONTACT_URL: ['help@example.com', 'mailto:a@b?bcc=c@d', 'mailto:', 'tel:now', 'javascript:alert(1)', 'sms:010'],
  APP_URL: [
    'javascript:alert(1)',
    'myapp://start',
    'http://app.example.com',
    'http://localhost.evil.example',
    'intent://x#Intent;end',
    'vbscript:x',
  ],
};

for (const [name, texts] of Object.entries(refused)) {
  test(`${name} is refused with a sentence that says what to write`, () => {
    for (const text of texts) {
      const [mistake = '', ...others] = mistakesOf(name, text);
      assert.match(mistake, new RegExp(`^${name} is ".*": write .+\\.$`, 's'), text);
      assert.deepEqual(others, []);
    }
  });
}

test('a contact may be a page, a mail address or a phone number', () => {
  for (const text of ['https://example.com/help', 'mailto:help+ko@example.co.kr', 'tel:+82212345678', 'tel:15881588']) {
    assert.equal(readConfig({ CONTACT_URL: text }).page.links.contact, text);
  }
});
