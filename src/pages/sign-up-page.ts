import type { Config } from '../config/config.ts';
import type { Language, Sentence } from '../problems.ts';
import { escapeHtml, scriptJson } from './html.ts';
import type { PageFiles } from './page-files.ts';
import type { PageSettings, PageStep } from './schema.ts';

/** What the build leaves for the server to fill in. */
const headMark = '<!--chodae:head-->';
const settingsMark = /(<script type="application\/json" id="settings">)[^<]*(<\/script>)/;

/** `{brand}` is the name of the brand. */
const words = {
  title: { ko: '{brand} 초대장이 도착했어요', en: "You're invited to {brand}" },
  titleWithoutBrand: { ko: '초대장이 도착했어요', en: "You're invited" },
  description: { ko: '링크를 열고 가입을 시작하세요.', en: 'Open the link to sign up.' },
} satisfies Record<string, Sentence>;

export interface SignUpPage {
  readonly config: Pick<Config, 'page' | 'http' | 'registration'>;
  readonly steps: readonly PageStep[];
  readonly files: PageFiles;
}

/**
 * @param template what the build made of `web/signup/index.html`.
 * @returns the page in one language. All invitations share it: the code is in the fragment, which no server sees.
 */
export function renderSignUpPage(template: string, page: SignUpPage, language: Language, preview: boolean): string {
  const settings = scriptJson(settingsOf(page, language, preview));
  return template
    .replace(/<html lang="[^"]*"/, () => `<html lang="${language}"`)
    .replace(headMark, () => headOf(page, language))
    .replace(settingsMark, (_whole, begin: string, end: string) => begin + settings + end);
}

function settingsOf({ config: { page, registration }, steps, files }: SignUpPage, language: Language, preview: boolean): PageSettings {
  const { brand, links } = page;
  return {
    brand: { name: brand.name ?? null, logo: files.logo ?? null, color: brand.color ?? null },
    links: { terms: links.terms ?? null, privacy: links.privacy ?? null, contact: links.contact ?? null },
    appUrl: page.appUrl ?? null,
    timeZone: registration.timeZone,
    minimumAge: registration.minimumAge ?? null,
    language,
    steps,
    preview,
  };
}

/** The title, and what messengers show beside a link (https://ogp.me). Addresses there are absolute, so they need `PUBLIC_URL`. */
function headOf({ config: { page, http }, files: { image } }: SignUpPage, language: Language): string {
  const { name } = page.brand;
  const title = name === undefined ? words.titleWithoutBrand[language] : words.title[language].replace('{brand}', () => name);
  const { publicUrl } = http;
  const card = publicUrl !== undefined && image ? { ...image, url: new URL(publicUrl).origin + image.path } : undefined;
  const properties: readonly (readonly [string, string | undefined])[] = [
    ['og:type', 'website'],
    ['og:title', title],
    ['og:description', words.description[language]],
    ['og:locale', language === 'ko' ? 'ko_KR' : 'en_US'],
    ['og:site_name', name],
    ['og:url', publicUrl && `${publicUrl}/join`],
    ['og:image', card?.url],
    ['og:image:type', card?.mediaType],
    ['og:image:width', card && String(card.width)],
    ['og:image:height', card && String(card.height)],
  ];
  const metas = properties.flatMap(([property, content]) =>
    content === undefined ? [] : [`<meta property="${property}" content="${escapeHtml(content)}">`],
  );
  return [
    `<title>${escapeHtml(title)}</title>`,
    `<meta name="description" content="${escapeHtml(words.description[language])}">`,
    '<meta name="robots" content="noindex">',
    `<meta name="twitter:card" content="${card ? 'summary_large_image' : 'summary'}">`,
    ...metas,
  ].join('\n    ');
}
