import { parseJson, readText } from '../client/response-text.ts';
import { isId } from '../wire/identifiers.ts';
import type { Target } from './target.ts';

/** Maximum wait for the answer, in ms. */
const TIMEOUT_MS = 5_000;
/** Maximum size of the answer, in bytes. */
const MAX_BYTES = 10_000;

/**
 * Asks the server for the user id that the credentials in the headers belong to: the server refuses them for every other user. Never throws.
 * @returns `undefined` if the headers contain no credentials, if the credentials are good for every user, or if the server does not answer
 */
export async function askUserId({
  url,
  fetch,
  headers,
}: Pick<Target, 'url' | 'fetch' | 'headers'>): Promise<string | undefined> {
  const hasCredentials = Object.keys(headers).some((name) => /^(?:authorization|cookie)$/i.test(name));
  if (!hasCredentials) return undefined;
  try {
    const response = await fetch(`${url}/sign-in`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answer = parseJson(await readText(response, MAX_BYTES));
    if (response.status !== 200 || typeof answer !== 'object' || answer === null) return undefined;
    const userId = 'user_id' in answer ? answer.user_id : undefined;
    return typeof userId === 'string' && isId(userId) ? userId : undefined;
  } catch {
    return undefined;
  }
}
