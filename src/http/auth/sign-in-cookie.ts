import type { IncomingMessage } from 'node:http';

/** Name of the cookie of a page that was loaded over plain HTTP. */
const NAME = 'bidi_sse_token';
/** Name over HTTPS. Browsers let only this host set a cookie with the prefix. @see RFC 6265bis, section 4.1.3.2 */
const SECURE_NAME = `__Host-${NAME}`;
/** `HttpOnly`: no script can read the token. `Strict`: browsers send it with no request that another site causes. */
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';
/** Maximum length of a token in a cookie, in characters. Browsers drop a cookie of more than 4096 bytes without an error. */
export const MAX_COOKIE_TOKEN = 3_800;

/**
 * Creates the cookie that carries a token.
 * @param secure whether the page was loaded over HTTPS
 * @param expiresAt time at which the token expires, in ms since 1970. Without an end, the cookie lives until the browser is closed.
 * @returns the value of `Set-Cookie`
 */
export function createSignInCookie(token: string, secure: boolean, expiresAt: number): string {
  const seconds = Math.max(0, Math.floor((expiresAt - Date.now()) / 1_000));
  const age = Number.isFinite(seconds) ? `; Max-Age=${seconds}` : '';
  return `${secure ? SECURE_NAME : NAME}=${token}; ${ATTRIBUTES}${secure ? '; Secure' : ''}${age}`;
}

/** Creates the values of `Set-Cookie` that remove the cookie, whichever name it has. */
export function createSignOutCookies(secure: boolean): readonly string[] {
  const removed = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;
  return secure ? [removed, `${SECURE_NAME}=; ${ATTRIBUTES}; Secure; Max-Age=0`] : [removed];
}

/**
 * Reads the token from a `Cookie` header. The name that only this host can set wins. Over HTTPS only that name counts: any neighbour below the
 * same domain could set the other one, and sign a user in as somebody else.
 * @param secure whether the request came over HTTPS
 */
export function readSignInCookie(header: string, secure: boolean): string | undefined {
  return readCookie(header, SECURE_NAME) ?? (secure ? undefined : readCookie(header, NAME));
}

/** Tells whether the browser uses HTTPS, to this server or to a proxy in front of it. */
export function isHttps({ socket, headers }: IncomingMessage): boolean {
  const { origin = '', 'x-forwarded-proto': forwarded } = headers;
  return 'encrypted' in socket || origin.startsWith('https:') || `${forwarded}`.startsWith('https');
}

function readCookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [key = '', value = ''] = splitOnce(pair, '=');
    if (key.trim() === name) return value.trim();
  }
  return undefined;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
