import type * as z from 'zod';
import { choice, text } from './config-fields.ts';
import { withFiles } from './config-secrets.ts';
import type { AuthOptions } from './http/auth/create-authenticator.ts';
import type { StaticToken } from './http/auth/static-tokens.ts';
import { isLoopback } from './http/loopback.ts';
import { isId } from './wire/identifiers.ts';

/** Minimum length of a secret that somebody could guess, in characters. */
const MIN_SECRET = 32;
/** What fits into a header and a cookie without quoting: the `b64token` of RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9._~+/-]{16,512}=*$/;

/** A secret of at least 32 characters, or nothing. The message does not repeat the value. */
const secret = text.refine((value) => value === '' || value.length >= MIN_SECRET, {
  message: `must have at least ${MIN_SECRET} characters; create one with: openssl rand -base64 32`,
});

/** Pairs of a user id and a token, separated by commas or line breaks. No message repeats a token. */
const tokenList = text.transform((value, context): readonly StaticToken[] => {
  const tokens: StaticToken[] = [];
  const seen = new Set<string>();
  const entries = value.split(/[\s,]+/).filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const [userId = '', token = '', ...rest] = entry.split(':');
    const message = describeEntryFault(userId, token, rest.length > 0, seen);
    if (message) context.addIssue({ code: 'custom', message: `entry ${index + 1} ${message}` });
    seen.add(token);
    tokens.push({ userId, token });
  }
  return tokens;
});

function describeEntryFault(userId: string, token: string, hasMore: boolean, earlier: ReadonlySet<string>) {
  if (hasMore || token === '') return 'is not user:token';
  if (userId !== '*' && !isId(userId))
    return 'names no valid user id: use 1 to 128 characters of A-Z a-z 0-9 . _ @ -, or *';
  if (!TOKEN.test(token)) return 'has no valid token: use 16 to 512 characters of A-Z a-z 0-9 . _ ~ + / -';
  if (earlier.has(token)) return 'repeats the token of an earlier entry';
  return undefined;
}

/** URL of public keys. Over plain HTTP, anybody on the way could replace them. */
const keySetUrl = text.refine((value) => value === '' || isSafeUrl(value), {
  message:
    'must be a URL with https, or with http on this machine, such as https://login.example.com/.well-known/jwks.json',
});

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** Variables that say who may talk. */
export const authFields = {
  AUTH: choice('none', 'token', 'jwt').transform((value) => value || 'none'),
  ...withFiles({ AUTH_TOKENS: tokenList, AUTH_JWT_SECRET: secret, AUTH_TICKET_SECRET: secret }),
  AUTH_JWKS_URL: keySetUrl,
  AUTH_JWT_ISSUER: text,
  AUTH_JWT_AUDIENCE: text,
  AUTH_NONE_BEYOND_LOOPBACK: choice('yes', 'no'),
};

const JWT_NAMES = ['AUTH_JWT_SECRET', 'AUTH_JWKS_URL', 'AUTH_JWT_ISSUER', 'AUTH_JWT_AUDIENCE'] as const;

type AuthValues = z.output<z.ZodObject<typeof authFields>>;

/** Reports variables that contradict each other: whoever sets a token without AUTH=token believes that the server asks for it. */
export function checkAuth(values: AuthValues, report: (name: keyof AuthValues, message: string) => void): void {
  const hasTokens = values.AUTH_TOKENS.length > 0;
  if (values.AUTH === 'token' && !hasTokens) report('AUTH_TOKENS', 'AUTH=token needs at least one entry user:token');
  if (values.AUTH !== 'token' && hasTokens) report('AUTH_TOKENS', 'has no effect without AUTH=token');
  if (values.AUTH === 'jwt') checkJwt(values, report);
  for (const name of JWT_NAMES) {
    if (values.AUTH !== 'jwt' && values[name] !== '') report(name, 'has no effect without AUTH=jwt');
  }
}

function checkJwt(values: AuthValues, report: (name: keyof AuthValues, message: string) => void): void {
  const hasUrl = values.AUTH_JWKS_URL !== '';
  if ((values.AUTH_JWT_SECRET !== '') === hasUrl) {
    report('AUTH_JWT_SECRET', 'AUTH=jwt needs either AUTH_JWT_SECRET or AUTH_JWKS_URL');
  }
  // An identity provider issues tokens for many services. Its keys verify all of them.
  for (const name of ['AUTH_JWT_ISSUER', 'AUTH_JWT_AUDIENCE'] as const) {
    if (hasUrl && values[name] === '')
      report(name, 'AUTH_JWKS_URL needs it: the same keys sign tokens for other services');
  }
}

/** Settings of authentication. */
export function toAuthConfig(values: AuthValues) {
  return {
    authenticator: toAuthOptions(values),
    ticketSecret: values.AUTH_TICKET_SECRET || undefined,
    /** Whether a server without authentication may listen beyond the loopback addresses. */
    noneBeyondLoopback: values.AUTH_NONE_BEYOND_LOOPBACK === 'yes',
  };
}

function toAuthOptions(values: AuthValues): AuthOptions {
  const { AUTH, AUTH_TOKENS: tokens, AUTH_JWT_SECRET: secretKey, AUTH_JWKS_URL: url } = values;
  if (AUTH === 'none') return { mode: 'none' };
  if (AUTH === 'token') return { mode: 'token', tokens };
  return {
    mode: 'jwt',
    key: secretKey || new URL(url),
    issuer: values.AUTH_JWT_ISSUER || undefined,
    audience: values.AUTH_JWT_AUDIENCE || undefined,
  };
}
