import { DEFAULT_SESSION_ID, isId } from '../wire/identifiers.ts';

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
  /** Session that the address of the page names. It counts for the first user of the page, and for nobody who signs in later. */
  #requested: string | undefined;
  /** The last user who was signed in. */
  #owner: string | undefined;

  constructor(storage: IdentityStorage | undefined) {
    this.#storage = storage;
    this.#owner = this.account === SIGNED_OUT ? undefined : this.account;
  }

  /** User id of the sign-in, `EVERY_USER` or `SIGNED_OUT`; `undefined`: the server has never asked for a sign-in. */
  get account(): string | undefined {
    const account = this.#read(ACCOUNT_KEY);
    const isValid = account === EVERY_USER || account === SIGNED_OUT || (account !== undefined && isId(account));
    return isValid ? account : undefined;
  }

  /** Stores the account. A page that is signed out keeps its ids, so that a sign-in of the same user continues the conversation. */
  set account(account: string) {
    if (account !== SIGNED_OUT) this.#change(account);
    this.#values.delete(ACCOUNT_KEY);
    this.#write(ACCOUNT_KEY, account);
  }

  /** Uses an account without storing it: the app around the page has signed the user in, and may sign another one in before the next visit. */
  useAccount(account: string): void {
    this.#change(account);
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

  /** Opens a conversation of this user, whoever that turns out to be: the address of the page names it. */
  request(sessionId: string): void {
    this.#ids = undefined;
    this.#requested = sessionId;
  }

  /** Starts another conversation of the user. */
  renewIds(): void {
    this.useIds({ userId: this.getIds().userId, sessionId: createId() });
  }

  /** Continues a conversation of this browser, also at the next visit. Has no effect if another user has signed in. */
  useIds({ userId, sessionId }: ConversationIds): void {
    const account = this.#signedInUser;
    if (account !== undefined && account !== userId) return;
    const isDefault = sessionId === undefined || sessionId === DEFAULT_SESSION_ID;
    this.#ids = isDefault ? { userId } : { userId, sessionId };
    this.#requested = undefined;
    if (account === undefined) this.#write(USER_KEY, userId);
    // A stored value without a session id stands for the default session.
    this.#write(SESSION_KEY, isDefault ? userId : `${userId}/${sessionId}`);
  }

  /** The only user whose id the page may use; `undefined`: any. */
  get #signedInUser(): string | undefined {
    const { account } = this;
    return account === SIGNED_OUT || account === EVERY_USER ? undefined : account;
  }

  /** Notes that another user may be signed in, who has other conversations. */
  #change(account: string): void {
    this.#ids = undefined;
    if (this.#owner !== undefined && this.#owner !== account) this.#requested = undefined;
    this.#owner = account;
  }

  #loadIds(): ConversationIds {
    const userId = this.#signedInUser ?? this.#loadRandomUser();
    const [owner, stored] = (this.#read(SESSION_KEY) ?? '').split('/');
    const sessionId = this.#requested ?? (owner === userId ? stored : undefined);
    return sessionId && sessionId !== DEFAULT_SESSION_ID && isId(sessionId) ? { userId, sessionId } : { userId };
  }

  /** Returns the user id of a browser in which nobody has signed in. */
  #loadRandomUser(): string {
    const stored = this.#read(USER_KEY);
    if (stored !== undefined && isId(stored)) return stored;
    const userId = createId();
    this.#write(USER_KEY, userId);
    return userId;
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
