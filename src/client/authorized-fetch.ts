import { AccessToken, type TokenSource } from './access-token.ts';

/** Mode of the option `credentials` of `fetch`. @see https://fetch.spec.whatwg.org/#concept-request-credentials-mode */
export type CredentialsMode = 'omit' | 'same-origin' | 'include';

export interface CredentialOptions {
  readonly token?: TokenSource | undefined;
  readonly credentials?: CredentialsMode | undefined;
}

/** Status of a request whose credentials are missing, wrong or expired. */
const UNAUTHORIZED = 401;

/**
 * Creates a `fetch` that sends the token and the mode of credentials with each request. A request that is answered 401 is repeated once,
 * with a newly obtained token. The second answer stands.
 */
export function createAuthorizedFetch(fetchFn: typeof fetch, { token, credentials }: CredentialOptions): typeof fetch {
  if (token === undefined && credentials === undefined) return fetchFn;
  const access = token === undefined ? undefined : new AccessToken(token);
  return async (input, init = {}) => {
    const request = credentials === undefined ? init : { ...init, credentials };
    if (!access) return fetchFn(input, request);
    const current = await waitUnlessAborted(access.get(), init.signal);
    const response = await fetchFn(input, addToken(request, current));
    if (response.status !== UNAUTHORIZED) return response;
    const renewed = await waitUnlessAborted(access.get(current), init.signal);
    if (renewed === current) return response;
    response.body?.cancel().catch(() => undefined);
    return fetchFn(input, addToken(request, renewed));
  };
}

function addToken(init: RequestInit, token: string): RequestInit {
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${token}`);
  return { ...init, headers };
}

/** Waits for a promise. @throws the reason of the abort, if `signal` is aborted first */
async function waitUnlessAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
