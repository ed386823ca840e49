import { isId } from '../wire/identifiers.ts';
import { isBearerToken } from './access-token.ts';
import type { CredentialsMode } from './authorized-fetch.ts';
import { isSpeechName, SPEECH_NAME } from './check-speech.ts';
import type { ClientOptions, ConversationsOptions } from './client-options.ts';
import { describeValue } from './describe-value.ts';
import type { Transport } from './ladder.ts';
import { canReadStreams } from './response-text.ts';

/** Rule of one option. */
interface Rule {
  /** Values that are allowed, in words. */
  readonly allowed: string;
  accepts(value: unknown, options: ClientOptions): boolean;
  /** Whether the value may be a secret, which no error text shows. */
  readonly secret?: true;
}

const TRANSPORTS: readonly Transport[] = ['auto', 'sse', 'poll', 'ws'];
const CREDENTIALS: readonly CredentialsMode[] = ['omit', 'same-origin', 'include'];
const MAX_PARALLEL_POSTS = 4;

const id: Rule = {
  allowed: '1 to 128 characters of A-Z a-z 0-9 . _ @ -, the first a letter or a digit',
  accepts: (value) => typeof value === 'string' && isId(value),
};
const flag: Rule = { allowed: 'true or false', accepts: (value) => typeof value === 'boolean' };
const name: Rule = { allowed: SPEECH_NAME, accepts: isSpeechName };
const callable: Rule = { allowed: 'a function', accepts: (value) => typeof value === 'function' };

const RULES: Readonly<Record<keyof ClientOptions, Rule>> = {
  url: {
    allowed:
      'an http or https URL such as "https://example.org", without query, hash, user name and password; on a page also a path or an empty text',
    accepts: isServerUrl,
  },
  userId: id,
  sessionId: id,
  isAudio: flag,
  receivesAudio: flag,
  voice: name,
  language: name,
  proactivity: flag,
  affectiveDialog: flag,
  agent: name,
  history: flag,
  transport: {
    allowed: `one of ${TRANSPORTS.join(', ')}`,
    accepts: (value) => TRANSPORTS.some((transport) => transport === value),
  },
  token: {
    allowed: 'a bearer token (A-Z a-z 0-9 . _ ~ + / -, then = if any), or a function that returns one',
    accepts: (value) => typeof value === 'function' || isBearerToken(value),
    secret: true,
  },
  credentials: {
    allowed: `one of ${CREDENTIALS.join(', ')}`,
    accepts: (value) => CREDENTIALS.some((mode) => mode === value),
  },
  headers: {
    allowed: 'an object of header names and texts, as { "X-Api-Key": "…" }',
    accepts: isHeaders,
    secret: true,
  },
  parallelPosts: {
    allowed: `a whole number from 1 to ${MAX_PARALLEL_POSTS}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_PARALLEL_POSTS,
  },
  fetch: callable,
  WebSocket: callable,
  random: callable,
  storage: { allowed: 'an object with the methods getItem and setItem, as localStorage', accepts: isStorage },
};
/** Scheme, host, port and path: no user name, no query and no hash. */
const ABSOLUTE_URL = /^https?:\/\/(?:\[[\d.:a-f]+\]|[^\s/?#@:[\]\\]+)(?::\d{1,5})?(?:\/[^\s?#]*)?$/i;
const REQUIRED: readonly string[] = ['url', 'userId'];

/**
 * Checks the options of `createClient`.
 * @throws {TypeError} names the option, the given value and the allowed values
 */
export function checkOptions(options: ClientOptions): void {
  checkValues('createClient', options, RULES);
  checkSocketOptions(options);
  checkStreamOptions(options);
  checkToken('createClient', options);
}

/**
 * Checks the options of `createConversations`.
 * @throws {TypeError} names the option, the given value and the allowed values
 */
export function checkConversationsOptions(options: ConversationsOptions): void {
  const { url, userId, token, credentials, headers, fetch } = RULES;
  checkValues('createConversations', options, { url, userId, token, credentials, headers, fetch });
  checkToken('createConversations', options);
}

/** @param caller name of the function that was given the options */
function checkValues(caller: string, options: ClientOptions, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${caller}: the options must be an object; given: ${describeValue(options)}`);
  }
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(rules, option)) {
      throw new TypeError(`${caller}: there is no option "${option}"; allowed: ${Object.keys(rules).join(', ')}`);
    }
  }
  const given = new Map<string, unknown>(Object.entries(options));
  for (const [option, rule] of Object.entries(rules)) {
    const value = given.get(option);
    if (value === undefined && !REQUIRED.includes(option)) continue;
    if (rule.accepts(value, options)) continue;
    const shown = rule.secret ? 'a value of another shape' : describeValue(value);
    throw new TypeError(`${caller}: the option ${option} must be ${rule.allowed}; given: ${shown}`);
  }
}

function checkToken(caller: string, { token, headers = {} }: Pick<ClientOptions, 'token' | 'headers'>): void {
  if (token === undefined || !Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) return;
  throw new TypeError(
    `${caller}: the option token sets the header Authorization, so the option headers must not contain it too`,
  );
}

function checkSocketOptions({ transport, headers = {}, WebSocket }: ClientOptions): void {
  if (transport !== 'ws') return;
  if (WebSocket === undefined && (globalThis as { WebSocket?: unknown }).WebSocket === undefined) {
    throw new TypeError(
      'createClient: the option transport "ws" needs a WebSocket, and this platform has none; pass one as the option WebSocket',
    );
  }
  if (Object.keys(headers).length > 0) {
    throw new TypeError(
      'createClient: the option transport "ws" cannot be used with the option headers, because a WebSocket cannot send headers; use "auto", "sse" or "poll"',
    );
  }
}

function checkStreamOptions({ transport, fetch }: ClientOptions): void {
  if (transport !== 'sse' || fetch !== undefined || canReadStreams()) return;
  throw new TypeError(
    'createClient: the option transport "sse" needs a fetch that can read streams, and that of this platform cannot; use "auto", or pass such a fetch as the option fetch',
  );
}

function isServerUrl(value: unknown, options: ClientOptions): boolean {
  if (typeof value !== 'string') return false;
  if (/^https?:/i.test(value)) return isAbsoluteUrl(value);
  const { location } = globalThis as { location?: { href: string } };
  // A relative address needs a page, or a fetch of the caller's own, that resolves it.
  const base = location?.href ?? (options.fetch ? 'http://localhost' : undefined);
  try {
    const { protocol, search, hash, username, password } = new URL(value, base);
    // A page of another protocol (file:, chrome-extension:) has no server of its own.
    if (protocol !== 'http:' && protocol !== 'https:') return false;
    return username === '' && password === '' && (value === '' || (search === '' && hash === ''));
  } catch {
    return false;
  }
}

/** Checks an absolute address. The URL of older versions of React Native checks nothing, and its `protocol` throws. */
function isAbsoluteUrl(value: string): boolean {
  const { canParse } = URL as Partial<typeof URL>;
  return ABSOLUTE_URL.test(value) && (canParse === undefined || canParse(value));
}

function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  try {
    // `Headers` objects have no own properties and would be lost when they are spread.
    if (value instanceof Headers || Object.values(value).some((each) => typeof each !== 'string')) return false;
    new Headers(value as Record<string, string>); // throws for a name or a text that no header may have
    return true;
  } catch {
    return false;
  }
}

function isStorage(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { getItem, setItem }: { getItem?: unknown; setItem?: unknown } = value;
  return typeof getItem === 'function' && typeof setItem === 'function';
}
