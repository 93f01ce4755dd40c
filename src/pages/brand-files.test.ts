import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { samplePng } from '../../test/support/built-pages.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { BrandFileError, readBrandFiles } from './brand-files.ts';

const { path: folder } = temporaryFolder('brand');
let count = 0;

function read(setting: 'logoFile' | 'imageFile', content: string | Buffer) {
  count += 1;
  const file = path.join(folder, String(count));
  writeFileSync(file, content);
  const brand = { name: undefined, color: undefined, logoFile: undefined, imageFile: undefined, [setting]: file };
  return readBrandFiles(brand);
}

const svg = (inner: string, attributes = '') => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"${attributes}>${inner}</svg>`;

const usableLogos = [
  svg('<path d="M0 0h8v8z"/>'),
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n${svg('<title>한 줄</title>')}`,
  svg('<defs><linearGradient id="a"/></defs><rect fill="url(#a)" width="8" height="8"/><use href="#b"/>'),
  svg('<style>.a { fill: url("#a") } @media (prefers-color-scheme: dark) { .a { fill: #fff } }</style>'),
  svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
  svg("<use xlink:href = '#b'/>", ' xmlns:xlink="http://www.w3.org/1999/xlink"'),
];

for (const [index, text] of usableLogos.entries()) {
  test(`a harmless SVG is a logo (${index + 1})`, async () => {
    const { logo } = await read('logoFile', text);
    assert.deepEqual([logo?.extension, logo?.mediaType, logo?.body.toString()], ['svg', 'image/svg+xml', text]);
  });
}

const refusedLogos: Readonly<Record<string, string | Buffer>> = {
  'a script': svg('<script>alert(1)</script>'),
  'a script with a prefix': svg('<svg:script href="#a">alert(1)</svg:script>'),
  'a script in capitals': svg('<SCRIPT\n>alert(1)</SCRIPT>'),
  'an event handler': svg('<path d="M0 0"/>', ' onload="alert(1)"'),
  'an event handler after a slash': svg('<path/onclick=alert(1)>'),
  'foreign content': svg('<foreignObject><p>x</p></foreignObject>'),
  'a picture of another site': svg('<image href="https://evil.example/x.png"/>'),
  'a script address': svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'),
  'an animated address': svg('<animate attributeName="href" values="javascript:alert(1)"/>'),
  'an address without quotation marks': svg('<use href=//evil.example/x#a />'),
  'a style that loads': svg('<style>@import "https://evil.example/x.css";</style>'),
  'a paint that loads': svg('<rect fill="url(https://evil.example/x#a)"/>'),
  'an SVG within data': svg('<image href="data:image/svg+xml;base64,PHN2Zz4="/>'),
  'an entity': `<!DOCTYPE svg [<!ENTITY x "y">]>${svg('&x;')}`,
  HTML: '<html><svg></svg></html>',
  'another kind of file': Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0]),
  'an empty file': '',
  'a large file': svg(`<!-- ${'x'.repeat(100_000)} -->`),
};

for (const [what, content] of Object.entries(refusedLogos)) {
  test(`${what} is no logo`, () =>
    assert.rejects(read('logoFile', content), (error) => error instanceof BrandFileError && /^BRAND_LOGO .+\.$/.test(error.message)));
}

test('a PNG is a logo', async () => {
  assert.equal((await read('logoFile', samplePng(64, 64))).logo?.mediaType, 'image/png');
});

/** SOI, an APP0 segment, and a frame header of that size. */
function jpeg(width: number, height: number): Buffer {
  const frame = Buffer.from([0xff, 0xc2, 0, 11, 8, 0, 0, 0, 0, 1, 0, 0, 0]);
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2]), frame]);
}

test('the picture for link previews is a PNG or a JPEG, and its size is read', async () => {
  for (const [content, extension] of [
    [samplePng(800, 400), 'png'],
    [jpeg(800, 400), 'jpg'],
  ] as const) {
    const { image } = await read('imageFile', content);
    assert.deepEqual([image?.extension, image?.width, image?.height], [extension, 800, 400]);
  }
});

test('a picture that messengers do not show is refused', async () => {
  const refused = [
    samplePng(199, 400),
    jpeg(400, 100),
    svg(''),
    '',
    Buffer.from([0xff, 0xd8]),
    Buffer.alloc(1_000_001),
    jpeg(800, 400).subarray(0, 12),
  ];
  for (const content of refused) {
    await assert.rejects(
      read('imageFile', content),
      (error) => error instanceof BrandFileError && /^BRAND_IMAGE .+\.$/.test(error.message),
    );
  }
});

test('a file that is not there is named', async () => {
  const brand = { name: undefined, color: undefined, logoFile: '/nowhere/logo.svg', imageFile: undefined };
  await assert.rejects(readBrandFiles(brand), /^BrandFileError: BRAND_LOGO: \/nowhere\/logo\.svg cannot be read \(ENOENT\)\.$/);
});
