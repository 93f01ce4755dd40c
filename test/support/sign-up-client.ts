/** A response, parsed as JSON if it says so. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
}

/** The members that tests read; all others are there too, as `unknown`. A response that is not a JSON object has none. */
export interface AnswerBody {
  readonly [member: string]: unknown;
  readonly valid?: boolean;
  readonly sessionId?: string;
  readonly ok?: boolean;
  readonly userId?: number;
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly missing?: readonly string[];
  readonly errors?: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

/** A person who can sign up. */
export interface Person {
  readonly name: string;
  readonly password: string;
  readonly birthday: string;
  readonly phone: string;
}

/** How far a sign-up came: `answer` is the last step's, or that of the first step that was refused. */
export interface SignUpOutcome {
  readonly step: 'verify' | 'name' | 'birthday' | 'phone';
  readonly answer: Answer;
  readonly sessionId: string | undefined;
  readonly userId: number | undefined;
  readonly person: Person;
}

export interface SignUpClient {
  verify(code: string): Promise<Answer>;
  name(sessionId: string, name: string, password: string): Promise<Answer>;
  birthday(sessionId: string, birthday: string): Promise<Answer>;
  phone(sessionId: string, phone: string): Promise<Answer>;
  /** Walks through all four requests as a new person and stops at the first refusal. */
  signUp(code: string, overrides?: Partial<Person>): Promise<SignUpOutcome>;
  /** Any request; `body` is sent as JSON unless it is a string already. */
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/**
 * A client of the sign-up's wire contract that knows nothing of the program.
 * @param headers sent with every request, such as `Accept-Language`.
 */
export function signUpClient(baseUrl: string, headers: Readonly<Record<string, string>> = {}): SignUpClient {
  return signUpClientOver((method, path, body, more) => request(new URL(path, baseUrl), method, body, { ...headers, ...more }));
}

/** The same client over any way of sending a request. */
export function signUpClientOver(send: SignUpClient['send']): SignUpClient {
  const verify: SignUpClient['verify'] = (code) => send('POST', '/auth/invitation/verify', { invitation_code: code });
  const putStep = (step: string, body: object) => send('PUT', `/auth/register/${step}`, body);
  const name: SignUpClient['name'] = (session_id, name, password) => putStep('name', { session_id, name, password });
  const birthday: SignUpClient['birthday'] = (session_id, birthday) => putStep('birthday', { session_id, birthday });
  const phone: SignUpClient['phone'] = (session_id, phone) => putStep('phone', { session_id, phone });
  const signUp: SignUpClient['signUp'] = async (code, overrides) => {
    const person = samplePerson(overrides);
    const verified = await verify(code);
    const sessionId = verified.body.sessionId;
    const stopped = (step: SignUpOutcome['step'], answer: Answer) => ({ step, answer, sessionId, userId: answer.body.userId, person });
    if (sessionId === undefined) return stopped('verify', verified);
    const named = await name(sessionId, person.name, person.password);
    if (named.status !== 200) return stopped('name', named);
    const born = await birthday(sessionId, person.birthday);
    if (born.status !== 200) return stopped('birthday', born);
    return stopped('phone', await phone(sessionId, person.phone));
  };
  return { verify, name, birthday, phone, signUp, send };
}

let people = 0;
/** Test files run in processes of their own against one database: each starts somewhere else. */
const firstNumber = Math.floor(Math.random() * 70_000_000);

/** @returns a new person with a unique Korean mobile number. */
export function samplePerson(overrides: Partial<Person> = {}): Person {
  people += 1;
  return {
    name: `초대받은 사람 ${people}`,
    password: `seven quiet rivers ${people} 강물`,
    birthday: '1990-01-01',
    phone: samplePhone(),
    ...overrides,
  };
}

let phones = 0;

/** @returns a Korean mobile number, `010-XXXX-XXXX`, that this process has not used before. */
export function samplePhone(): string {
  phones += 1;
  // Numbers in use begin with 010-2 to 010-9; 010-5970 to 010-5999 are not assigned.
  const place = 20_000_000 + ((firstNumber + phones) % 79_700_000);
  const number = String(place < 59_700_000 ? place : place + 300_000);
  return `010-${number.slice(0, 4)}-${number.slice(4)}`;
}

async function request(url: URL, method: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const type = content === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers: { ...type, ...headers }, body: content ?? null, redirect: 'manual' });
  return { status: response.status, headers: response.headers, body: readBody(await response.text()) };
}

/** @returns the members of a JSON object; none if the text is not one. */
export function readBody(text: string): AnswerBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as AnswerBody) : {};
  } catch {
    return {};
  }
}
