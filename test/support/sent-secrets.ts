/** Members of a body that are personal data or credentials. */
const secretMembers = ['name', 'password', 'birthday', 'phone', 'invitation_code', 'session_id'] as const;

/** A shorter value may stand in a line by chance; a shorter word of the field Authorization is its scheme. */
const shortestValue = 6;
const shortestCredential = 16;

/** What clients sent that may be in no log line and in no refusal: personal data, codes, session ids. */
export class SentSecrets {
  readonly #values = new Set<string>();

  /**
   * Notes the secrets of a request.
   * @returns them.
   */
  note(body: unknown, authorization: string | undefined): string[] {
    const members = typeof body === 'object' && body !== null ? secretMembers.map((name) => (body as Record<string, unknown>)[name]) : [];
    const values = members.filter((value): value is string => typeof value === 'string' && value.trim().length >= shortestValue);
    const credentials = authorization?.split(' ').filter((word) => word.length >= shortestCredential) ?? [];
    const secrets = [...values, ...credentials];
    for (const secret of secrets) this.#values.add(secret);
    return secrets;
  }

  /** @returns the lines that hold something that was sent. */
  linesWithOne(lines: readonly string[]): string[] {
    return lines.filter((line) => [...this.#values].some((value) => holds(line, value)));
  }
}

/** @returns whether a text, plain or JSON, holds a value; white space around the value does not matter. */
export function holds(text: string, value: string): boolean {
  const wanted = value.trim();
  return text.includes(wanted) || text.includes(JSON.stringify(wanted).slice(1, -1));
}
