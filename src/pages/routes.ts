import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acceptsHtml } from '../http/accepts-html.ts';
import { sendDocument, sendRepresentation } from '../http/document.ts';
import { httpProblems } from '../http/http-problems.ts';
import { preferredLanguage } from '../http/languages.ts';
import { addVary } from '../http/vary.ts';
import { type Language, languages, Problem } from '../problems.ts';
import { type PlainPage, plainPage } from './html.ts';
import type { PreviewLinks } from './preview-link.ts';
import { renderSignUpPage, type SignUpPage } from './sign-up-page.ts';

/** Scripts and styles come from this server only and are never inline; no text becomes HTML by itself (Trusted Types). */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const html = 'text/html; charset=utf-8';
const pageHeaders = { 'content-security-policy': pagePolicy, 'x-robots-tag': 'noindex', 'cache-control': 'no-cache' };

const notBuilt: PlainPage = {
  title: { ko: '가입 화면이 아직 없어요', en: 'There is no sign-up page yet' },
  text: { ko: '운영자에게 알려 주세요. npm run build를 실행하면 만들어져요.', en: 'Tell the operator: npm run build makes it.' },
};
const previewIsOver: PlainPage = {
  title: { ko: '미리 보기 링크의 시간이 지났어요', en: 'This preview link has expired' },
  text: {
    ko: '링크는 10분 동안 쓸 수 있어요. chodae invite preview로 새 링크를 만드세요.',
    en: 'A link works for ten minutes. Make another one with chodae invite preview.',
  },
};
const notFound: PlainPage = {
  title: { ko: '없는 주소예요', en: 'There is nothing here' },
  text: {
    ko: '주소가 잘렸거나 잘못된 것 같아요. 받은 링크를 다시 열어 주세요.',
    en: 'The address may be cut off or mistyped. Open the link that you got once more.',
  },
  link: { text: { ko: '초대 코드 입력하기', en: 'Enter an invitation code' }, href: '/join' },
};

/** For a browser that asks for an address that does not exist. */
export const notFoundPage = (language: Language) => plainPage(notFound, language);

export interface PagesOptions extends SignUpPage {
  readonly previews: PreviewLinks;
  readonly defaultLanguage: Language;
}

/**
 * Serves the sign-up page at `/join`, its files, and `/`, which leads a browser there and a program to the API document. Opening a page reads no
 * database and writes nothing, so link previews, prefetching and HEAD spend nothing.
 */
export function addPages(app: FastifyInstance, { previews, defaultLanguage, ...page }: PagesOptions): void {
  const schema = { hide: true };
  const { signUp, files } = page.files;
  const languageOf = ({ headers }: FastifyRequest) => preferredLanguage(headers['accept-language'], defaultLanguage);
  const sendPlain = (status: number, what: PlainPage, request: FastifyRequest, reply: FastifyReply) => {
    const { html: text, headers } = plainPage(what, languageOf(request));
    addVary(reply, 'Accept-Language');
    return reply.code(status).headers(headers).type(html).send(text);
  };

  app.get('/', { schema }, (request, reply) => reply.redirect(acceptsHtml(request.headers.accept) ? 'join' : 'docs', 302));

  const documents = new Map(
    languages.map((language) => [
      language,
      sendDocument({ mediaType: html, headers: pageHeaders, read: () => renderSignUpPage(signUp ?? '', page, language, false) }),
    ]),
  );
  const sendSignUp = async (request: FastifyRequest, reply: FastifyReply) => {
    if (signUp === undefined) return sendPlain(404, notBuilt, request, reply);
    const { preview } = request.query as { preview?: unknown };
    if (preview !== undefined) return sendPreview(String(preview), signUp, request, reply);
    addVary(reply, 'Accept-Language');
    return documents.get(languageOf(request))?.(request, reply);
  };
  const sendPreview = (token: string, template: string, request: FastifyRequest, reply: FastifyReply) => {
    if (!previews.isGood(token, new Date())) return sendPlain(410, previewIsOver, request, reply);
    const text = renderSignUpPage(template, page, languageOf(request), true);
    return reply
      .headers({ ...pageHeaders, 'cache-control': 'no-store' })
      .type(html)
      .send(text);
  };
  app.get('/join', { schema }, sendSignUp);
  // Mail programs that check links (Outlook Safe Links) turn the # of a link into %23; the page puts it right. The router decodes no %23, and a
  // pattern cannot hold one.
  app.get('/join*', { schema }, async (request, reply) => {
    if (!request.raw.url?.startsWith('/join%23')) throw new Problem(httpProblems.not_found);
    return sendSignUp(request, reply);
  });
  app.get('/join/', { schema }, (request, reply) => reply.redirect(`../join${/\?.*$/.exec(request.raw.url ?? '')?.[0] ?? ''}`, 302));

  const sendFile = async (request: FastifyRequest, reply: FastifyReply) => {
    const file = files.get(request.raw.url?.split('?', 1)[0] ?? '');
    if (!file) throw new Problem(httpProblems.not_found);
    return sendRepresentation(request, reply, file);
  };
  app.get('/assets/*', { schema }, sendFile);
  app.get('/brand/*', { schema }, sendFile);
}
