import { computed, signal } from '@preact/signals';
import { DEFAULT_SESSION_ID } from '../wire/identifiers.ts';
import type { Environment } from './environment.ts';
import type { ConversationIds } from './identity.ts';
import { CONVERSATION_GONE, type Notice } from './notice.ts';

export interface ConversationChoiceOptions extends Pick<Environment, 'account'> {
  readonly fetch: typeof fetch;
  /** Opens the conversation of the account. */
  open(): void;
  /** Whether the page shows nothing of the conversation. */
  isEmpty(): boolean;
  notify(notice: Notice): void;
}

/** Which conversation of the user the page shows. */
export class ConversationChoice {
  readonly #options: ConversationChoiceOptions;
  readonly #ids = signal<ConversationIds | undefined>(undefined);
  /** Session id of the open conversation; `undefined` before the first one. */
  readonly sessionId = computed(() => this.#ids.value && (this.#ids.value.sessionId ?? DEFAULT_SESSION_ID));
  /** Name of the open conversation that no other one has; '' before the first one. */
  readonly name = computed(() => (this.#ids.value ? formatName(this.#ids.value) : ''));
  /** Whether a conversation is being opened in which something was said, and nothing of that has arrived. */
  readonly isOpening = signal(false);
  /** Session id of a conversation that the user has chosen, so that the server should know it. */
  #expected: string | undefined;

  constructor(options: ConversationChoiceOptions) {
    this.#options = options;
  }

  /** Address of the open conversation, relative to that of the page; '' before the first one. */
  get address(): string {
    const ids = this.#ids.peek();
    if (!ids) return '';
    return `sessions/${encodeURIComponent(ids.userId)}/${encodeURIComponent(this.sessionId.peek() ?? '')}`;
  }

  /** User id of the open conversation. */
  get userId(): string | undefined {
    return this.#ids.peek()?.userId;
  }

  /** Chooses the conversation of the first opening. @param isStored whether the server should know it */
  request(sessionId: string, isStored: boolean): void {
    this.#expected = isStored ? sessionId : undefined;
    this.#options.account.requestSession(sessionId);
  }

  /** Opens a conversation that the server should know. */
  openStored(sessionId: string): void {
    this.#expected = sessionId;
    this.#use({ userId: this.#options.account.getIds().userId, sessionId });
  }

  /** Opens a new conversation. @returns a function that returns to the one before */
  openNew(): () => void {
    const { account, open } = this.#options;
    const previous = account.getIds();
    this.#expected = undefined;
    account.renewIds();
    open();
    return () => this.#use(previous);
  }

  /**
   * Takes over the conversation of the account, which is being opened.
   * @returns its ids, and the name of the one before if that was another conversation
   */
  adopt(): { readonly ids: ConversationIds; readonly left: string | undefined } {
    const ids = this.#options.account.getIds();
    const before = this.#ids.peek();
    const left = before && formatName(before) !== formatName(ids) ? formatName(before) : undefined;
    this.#ids.value = ids;
    this.isOpening.value = this.#expected !== undefined && this.#expected === this.sessionId.peek();
    return { ids, left };
  }

  /** Called when the server has sent the conversation. @param isEmpty whether nothing was said in it */
  onReceived(isEmpty: boolean): void {
    if (this.isOpening.peek() && isEmpty) void this.#leaveIfMissing();
    this.stopOpening();
  }

  /** Called when nothing will arrive. */
  stopOpening(): void {
    this.isOpening.value = false;
  }

  /** Begins a new conversation if the server does not know this one: whatever is said in it would be another conversation under an old address. */
  async #leaveIfMissing(): Promise<void> {
    const { fetch, isEmpty, notify } = this.#options;
    const ids = this.#ids.peek();
    const isMissing = await fetch(this.address, { cache: 'no-store' }).then(
      ({ status }) => status === 404,
      () => false,
    );
    if (!isMissing || this.#ids.peek() !== ids || !isEmpty()) return;
    this.openNew();
    notify(CONVERSATION_GONE);
  }

  #use(ids: ConversationIds): void {
    this.#options.account.useIds(ids);
    this.#options.open();
  }
}

function formatName({ userId, sessionId = DEFAULT_SESSION_ID }: ConversationIds): string {
  return `${userId}/${sessionId}`;
}
