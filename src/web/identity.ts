import { isId } from '../wire/identifiers.ts';

/** Ids of the conversation that the page opens. */
export interface ConversationIds {
  readonly userId: string;
  /** Absent: the user's default session. */
  readonly sessionId?: string;
}

export type IdentityStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** Account of a token that belongs to every user id. No user id has this form. */
export const EVERY_USER = '*';
/** Account of a page whose server asks for a sign-in. */
export const SIGNED_OUT = '';

const USER_KEY = 'bidi-sse.user-id';
const SESSION_KEY = 'bidi-sse.session-id';
/** Key of the storage under which the account is kept. */
export const ACCOUNT_KEY = 'bidi-sse.account';

/** The user and the conversation of this browser, which are found again after a reload and in another tab. Holds no token. */
export class Identity {
  readonly #storage: IdentityStorage | undefined;
  /** Values of a browser whose settings forbid storage. They last as long as the page. */
  readonly #values = new Map<string, string>();
  #ids: ConversationIds | undefined;

  constructor(storage: IdentityStorage | undefined) {
    this.#storage = storage;
  }

  /** User id of the sign-in, `EVERY_USER` or `SIGNED_OUT`; `undefined`: the server has never asked for a sign-in. */
  get account(): string | undefined {
    const account = this.#read(ACCOUNT_KEY);
    const isValid = account === EVERY_USER || account === SIGNED_OUT || (account !== undefined && isId(account));
    return isValid ? account : undefined;
  }

  /** Stores the account. A page that is signed out keeps its ids, so that a sign-in of the same user continues the conversation. */
  set account(account: string) {
    if (account !== SIGNED_OUT) this.#ids = undefined;
    this.#values.delete(ACCOUNT_KEY);
    this.#write(ACCOUNT_KEY, account);
  }

  /** Uses an account without storing it: the app around the page has signed the user in, and may sign another one in before the next visit. */
  useAccount(account: string): void {
    this.#ids = undefined;
    this.#values.set(ACCOUNT_KEY, account);
  }

  /**
   * Returns the ids of the conversation. A page that is signed in as one user uses that user's id, any other page a random id. The ids stay the
   * same while the page is open, even if another tab starts another conversation.
   */
  getIds(): ConversationIds {
    this.#ids ??= this.#loadIds();
    return this.#ids;
  }

  /** Starts another conversation: a session of the user who is signed in, or another random user. */
  renewIds(): void {
    const userId = this.#signedInUser;
    this.#ids = undefined;
    if (userId === undefined) this.#write(USER_KEY, createId());
    else this.#write(SESSION_KEY, `${userId}/${createId()}`);
  }

  /** Returns to a conversation of this browser. Has no effect if another user has signed in. */
  useIds({ userId, sessionId }: ConversationIds): void {
    const account = this.#signedInUser;
    if (account !== undefined && account !== userId) return;
    this.#ids = undefined;
    if (account === undefined) this.#write(USER_KEY, userId);
    // A stored value without a session id stands for the default session.
    else this.#write(SESSION_KEY, sessionId === undefined ? userId : `${userId}/${sessionId}`);
  }

  /** The only user whose id the page may use; `undefined`: any. */
  get #signedInUser(): string | undefined {
    const { account } = this;
    return account === SIGNED_OUT || account === EVERY_USER ? undefined : account;
  }

  #loadIds(): ConversationIds {
    const account = this.#signedInUser;
    if (account !== undefined) {
      const [owner, sessionId] = (this.#read(SESSION_KEY) ?? '').split('/');
      return owner === account && sessionId && isId(sessionId) ? { userId: account, sessionId } : { userId: account };
    }
    const stored = this.#read(USER_KEY);
    if (stored !== undefined && isId(stored)) return { userId: stored };
    const userId = createId();
    this.#write(USER_KEY, userId);
    return { userId };
  }

  #read(key: string): string | undefined {
    try {
      return this.#values.get(key) ?? this.#storage?.getItem(key) ?? undefined;
    } catch {
      return undefined;
    }
  }

  #write(key: string, value: string): void {
    try {
      if (this.#storage) {
        this.#storage.setItem(key, value);
        return;
      }
    } catch {
      // The browser's settings forbid storage, or it is full.
    }
    this.#values.set(key, value);
  }
}

function createId(): string {
  // Use getRandomValues, because crypto.randomUUID() is missing on http:// pages outside of localhost.
  const random = crypto.getRandomValues(new Uint8Array(12));
  return `web-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
