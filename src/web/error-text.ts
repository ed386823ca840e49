/** The part of Response that is used. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  json(): Promise<unknown>;
}

export interface AnsweredError {
  readonly error: string;
  readonly retry: boolean;
}

/** What an error answer says, in words. A proxy's answer has no words of ours; its 5xx are worth another try. */
export async function readError(answer: Answer): Promise<AnsweredError> {
  const body: unknown = await answer.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null && 'error' in body) {
    const retry = 'retry' in body ? body.retry === true : answer.status >= 500;
    return { error: sayError(String(body.error), 'hint' in body ? String(body.hint) : undefined), retry };
  }
  const error = `The server answered ${answer.status} ${answer.statusText}`.trim();
  return { error: `${error}.`, retry: answer.status >= 500 || answer.status === 429 };
}

/** One or two sentences from the server's error and hint, which are written without capitals and stops. */
export function sayError(error: string, hint?: string): string {
  return hint ? `${sentence(error)} ${sentence(hint)}` : sentence(error);
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
