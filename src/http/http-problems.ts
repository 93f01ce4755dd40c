import { problemCatalogue } from '../problems.ts';

/** The problems of HTTP itself; every route can answer with them. */
export const httpProblems = problemCatalogue({
  malformed_json: {
    status: 400,
    title: { ko: '올바른 JSON이 아닙니다', en: 'Not acceptable JSON' },
    detail: { ko: '요청 본문이 올바른 JSON이 아닙니다.', en: 'The body of the request is not JSON.' },
  },
  bad_request: {
    status: 400,
    title: { ko: '잘못된 요청입니다', en: 'Bad request' },
    detail: { ko: '요청이 HTTP 규칙에 맞지 않아 읽을 수 없습니다.', en: 'The request breaks the rules of HTTP and cannot be read.' },
  },
  https_required: {
    status: 403,
    title: { ko: 'HTTPS가 필요합니다', en: 'HTTPS is required' },
    detail: {
      ko: '암호화되지 않은 연결로 보낸 요청은 받지 않습니다. https:// 주소로 보내세요. 이미 보낸 비밀번호나 키는 노출되었을 수 있으니 바꾸세요.',
      en: 'Unencrypted requests are not accepted. Use the https:// address. If you sent a password or key, it may have been read on the way: change it.',
    },
  },
  not_found: {
    status: 404,
    title: { ko: '없는 주소입니다', en: 'No such address' },
    detail: {
      ko: '이 주소에는 아무것도 없습니다. 철자와 대소문자, 슬래시를 확인하세요.',
      en: 'There is nothing at this URL. Check its spelling, its case and its slashes.',
    },
  },
  method_not_allowed: {
    status: 405,
    title: { ko: '허용되지 않는 메서드입니다', en: 'Method not allowed' },
    detail: {
      ko: '이 주소에서는 쓸 수 없는 메서드입니다. 쓸 수 있는 메서드는 Allow 헤더에 있습니다.',
      en: 'This URL does not support this method: see the header Allow.',
    },
  },
  request_timeout: {
    status: 408,
    title: { ko: '요청이 제때 도착하지 않았습니다', en: 'The request took too long to arrive' },
    detail: {
      ko: '요청이 제시간에 다 도착하지 않았습니다. 다시 보내세요.',
      en: 'The request did not arrive in time. Please send it again.',
    },
  },
  payload_too_large: {
    status: 413,
    title: { ko: '요청 본문이 너무 큽니다', en: 'The body is too large' },
    detail: { ko: '요청 본문이 허용된 크기보다 큽니다.', en: 'The body of the request is larger than allowed.' },
  },
  uri_too_long: {
    status: 414,
    title: { ko: '주소가 너무 깁니다', en: 'The URL is too long' },
    detail: { ko: '요청 주소가 허용된 길이보다 깁니다.', en: 'The URL of the request is longer than allowed.' },
  },
  unsupported_media_type: {
    status: 415,
    title: { ko: '지원하지 않는 형식입니다', en: 'Unsupported media type' },
    detail: {
      ko: '요청 본문을 압축하지 말고 Content-Type: application/json 형식으로 보내세요.',
      en: 'Send the body as Content-Type: application/json, not compressed.',
    },
  },
  headers_too_large: {
    status: 431,
    title: { ko: '요청 헤더가 너무 큽니다', en: 'The header fields are too large' },
    detail: { ko: '요청 헤더가 허용된 크기보다 큽니다.', en: 'The header fields of the request are larger than allowed.' },
  },
  internal_error: {
    status: 500,
    title: { ko: '서버 오류입니다', en: 'Internal error' },
    detail: {
      ko: '서버에서 예상하지 못한 오류가 났습니다. 문의할 때 X-Request-Id 값을 알려 주세요.',
      en: 'Something went wrong on the server. If you report it, give the value of X-Request-Id.',
    },
  },
  not_ready: {
    status: 503,
    title: { ko: '아직 준비되지 않았습니다', en: 'Not ready' },
    detail: { ko: '서버가 지금은 요청을 받을 수 없습니다.', en: 'The server cannot take requests right now.' },
    retryAfterSeconds: 1,
  },
});
