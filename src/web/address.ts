import { isId } from '../wire/identifiers.ts';

/** The part of a window that has the address and the history of a tab. */
export interface AddressBar {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  readonly history: Pick<History, 'state' | 'pushState' | 'replaceState'>;
  addEventListener(type: 'popstate', listener: () => void): void;
}

const PREFIX = '#conversation=';

/** Formats the address of a conversation, relative to that of the page. The part after `#` is not sent to the server, or to proxies. */
export function formatAddress(sessionId: string): string {
  return PREFIX + sessionId;
}

/**
 * The conversation in the address of the page. A conversation in which something was said has an address, so that a reload, a bookmark and another
 * tab open it. The entries of the tab's history have one conversation each, so that the back button returns to the one before.
 */
export class Address {
  readonly #bar: AddressBar;
  /** Conversation of the current entry of the history, and whether it has an address. */
  #shown: { readonly sessionId: string; readonly hasAddress: boolean } | undefined;

  constructor(bar: AddressBar) {
    this.#bar = bar;
  }

  /** Session id in the address. */
  get named(): string | undefined {
    const { hash } = this.#bar.location;
    const id = hash.startsWith(PREFIX) ? hash.slice(PREFIX.length) : '';
    return isId(id) ? id : undefined;
  }

  /** Session id of the current entry of the history, which may be a conversation without an address. */
  get current(): string | undefined {
    const { conversation } = Object(this.#bar.history.state) as { readonly conversation?: unknown };
    return this.named ?? (typeof conversation === 'string' && isId(conversation) ? conversation : undefined);
  }

  /**
   * Shows a conversation in the address. Another conversation than before gets an entry of its own in the history; that of a conversation in which
   * nothing was said is replaced.
   * @param hasAddress whether something was said in it
   */
  show(sessionId: string, hasAddress: boolean): void {
    const { location, history } = this.#bar;
    const before = this.#shown;
    if (before?.sessionId === sessionId && before.hasAddress === hasAddress) return;
    this.#shown = { sessionId, hasAddress };
    const target = hasAddress ? formatAddress(sessionId) : location.pathname + location.search;
    const state = { conversation: sessionId };
    if (before?.hasAddress && before.sessionId !== sessionId) history.pushState(state, '', target);
    else history.replaceState(state, '', target);
  }

  /** Calls `onNavigate` when the user goes back or forward to another conversation, or enters its address. */
  watch(onNavigate: (sessionId: string) => void): void {
    this.#bar.addEventListener('popstate', () => {
      const { current, named } = this;
      if (current === undefined || current === this.#shown?.sessionId) return;
      this.#shown = { sessionId: current, hasAddress: current === named };
      onNavigate(current);
    });
  }
}
