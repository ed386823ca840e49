import { signal } from '@preact/signals';
import { isBearerToken } from '../client/access-token.ts';
import type { ErrorBody } from '../client/index.ts';
import { isErrorBody } from '../client/rejection.ts';
import { formatError } from './format-error.ts';
import { type ConversationIds, EVERY_USER, Identity, type IdentityStorage, SIGNED_OUT } from './identity.ts';
import type { Text } from './messages/current.ts';
import type { Messages } from './messages/en.ts';
import { createSignOutNotice, type Notice } from './notice.ts';

export interface AccountOptions {
  readonly fetch: typeof fetch;
  readonly storage: IdentityStorage | undefined;
  /** Called when the user has signed in. */
  onSignedIn(): void;
  onSignedOut(): void;
  /** Called when the user could not be signed out. */
  onNotice(notice: Notice): void;
}

/** Sign-in that the page asks for. */
export interface SignInPrompt {
  /** Set if the app around the page signs users in: the page asks for no token. */
  readonly byApp?: true;
  /** Whether the sign-in has ended during a conversation. */
  readonly expired: boolean;
  readonly submitting: boolean;
  /** Why the last attempt has failed. */
  readonly error?: Text;
}

/** Body of an answer; or why there is none, and the header `WWW-Authenticate`. */
type Answer = { readonly body: unknown } | { readonly error: Text; readonly challenge: string };

/** User whose credentials the browser has. */
export interface SignedInUser {
  readonly userId: string;
  /** Whether the app around the page has signed the user in, not the page. */
  readonly byApp: boolean;
}

/** Maximum duration of a request, in ms. */
const TIMEOUT_MS = 15_000;

/**
 * The sign-in of the page. The token goes to the server once, which answers with a cookie that no script can read: the page never stores the
 * token.
 */
export class Account {
  /** `undefined`: the page needs no sign-in. */
  readonly prompt = signal<SignInPrompt | undefined>(undefined);
  /** User id of the page's own sign-in, or `EVERY_USER`; `undefined`: nobody has signed in on the page. */
  readonly user = signal<string | undefined>(undefined);
  readonly #options: AccountOptions;
  readonly #identity: Identity;
  #state: 'unknown' | 'signing-in' | 'accepted' = 'unknown';

  constructor(options: AccountOptions) {
    this.#options = options;
    this.#identity = new Identity(options.storage);
    const { account } = this.#identity;
    this.user.value = account === SIGNED_OUT ? undefined : account;
    // The first connection shows whether the server still asks for a sign-in. Until then the page need not show a conversation.
    if (account === SIGNED_OUT) this.prompt.value = { expired: false, submitting: false };
  }

  getIds(): ConversationIds {
    return this.#identity.getIds();
  }

  /** Opens the conversation that the address of the page names. */
  requestSession(sessionId: string): void {
    this.#identity.request(sessionId);
  }

  /** Starts another conversation of the user. */
  renewIds(): void {
    this.#identity.renewIds();
  }

  /** Continues a conversation of the user. */
  useIds(ids: ConversationIds): void {
    this.#identity.useIds(ids);
  }

  /** Notes that the server has accepted a connection. */
  onAccepted(): void {
    this.#state = 'accepted';
    this.prompt.value = undefined;
  }

  /**
   * Asks for a sign-in: the server has refused the credentials, or there are none. The account stays the same for another sign-in.
   * @param byApp whether the app around the page signs users in
   */
  requireSignIn(byApp = false): void {
    this.user.value = undefined;
    if (byApp) {
      this.prompt.value = { expired: this.#state === 'accepted', submitting: false, byApp };
      return;
    }
    if (this.#identity.account === undefined) this.#identity.account = SIGNED_OUT;
    const expired = this.#state === 'accepted';
    const error = this.#state === 'signing-in' ? { error: ({ signIn }: Messages) => signIn.notKept } : {};
    this.#state = 'unknown';
    this.prompt.value = { expired, submitting: false, ...error };
  }

  /** Signs in. If that fails, the prompt gets the reason. */
  async signIn(text: string): Promise<void> {
    const token = text.trim();
    const { expired = false, submitting = false } = this.prompt.value ?? {};
    if (submitting) return;
    if (!isBearerToken(token)) {
      this.prompt.value = { expired, submitting: false, error: ({ signIn }) => signIn.notAToken };
      return;
    }
    this.prompt.value = { expired, submitting: true };
    const answer = await this.#request('sign-in', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
    if ('error' in answer) {
      this.prompt.value = { expired, submitting: false, error: answer.error };
      return;
    }
    this.#state = 'signing-in';
    this.switchTo(readUserId(answer.body) ?? EVERY_USER);
    this.#options.onSignedIn();
  }

  /** Signs out. The browser forgets the token; only the server can remove its cookie. */
  async signOut(): Promise<void> {
    const answer = await this.#request('sign-out', { method: 'POST' });
    if ('error' in answer) this.#options.onNotice(createSignOutNotice(answer.error));
    else this.#endSession();
  }

  /** Follows another tab of this browser, which has signed in or out: the cookie is that of all tabs. */
  onAccountStored(): void {
    const { account } = this.#identity;
    if (account === SIGNED_OUT) this.#endSession();
    else if (account !== undefined && this.prompt.value) {
      this.switchTo(account);
      this.#options.onSignedIn();
    }
  }

  #endSession(): void {
    this.#state = 'unknown';
    this.#setAccount(SIGNED_OUT);
    this.requireSignIn();
    this.#options.onSignedOut();
  }

  /**
   * Asks the server who is signed in, after it has refused a user id.
   * @returns `undefined` if the server names no user
   */
  async findUser(): Promise<SignedInUser | undefined> {
    const answer = await this.#request('sign-in', {});
    if ('error' in answer) return undefined;
    const userId = readUserId(answer.body);
    const { sign_in } = Object(answer.body) as { readonly sign_in?: unknown };
    return userId === undefined ? undefined : { userId, byApp: sign_in === 'app' };
  }

  /** Finds out, after the server has refused the credentials, whether the app around the page signs users in. */
  async isSignInByApp(): Promise<boolean> {
    const answer = await this.#request('sign-in', {});
    return 'error' in answer && answer.challenge.startsWith('App ');
  }

  /**
   * Continues as a user for whom the browser has the credentials. The page shows the conversation, and why it may not open.
   * @param byApp whether the app around the page has signed the user in: then the page has no sign-out
   */
  switchTo(account: string, byApp = false): void {
    this.prompt.value = undefined;
    if (byApp) {
      this.#identity.useAccount(account);
      this.user.value = undefined;
    } else this.#setAccount(account);
  }

  #setAccount(account: string): void {
    this.#identity.account = account;
    this.user.value = account === SIGNED_OUT ? undefined : account;
  }

  async #request(path: string, init: RequestInit): Promise<Answer> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await this.#options.fetch(path, { ...init, cache: 'no-store', signal });
      const body: unknown = await response.json().catch(() => undefined);
      if (response.ok) return { body };
      const challenge = response.headers.get('WWW-Authenticate') ?? '';
      if (isErrorBody(body)) return { error: explainRefusal(response.status, body), challenge };
      return { error: ({ notice }) => notice.answered(response.status, response.statusText), challenge };
    } catch {
      return { error: ({ signIn }) => signIn.unreachable, challenge: '' };
    }
  }
}

function explainRefusal(status: number, { error, hint }: ErrorBody): Text {
  // The hint of a 401 is for developers.
  return ({ signIn }) => formatError(error, status === 401 ? signIn.checkToken : hint);
}

/** @returns `undefined` if the credentials belong to every user */
function readUserId(body: unknown): string | undefined {
  const { user_id } = Object(body) as { readonly user_id?: unknown };
  return typeof user_id === 'string' ? user_id : undefined;
}
