import { signal } from '@preact/signals';
import type { Address } from './address.ts';
import type { Conversation } from './conversation.ts';

/** What the user wants to open while a call is on. */
interface Departure {
  leave(): void;
  stay(): void;
}

/** Changes between the conversations of the user. During a call the page asks first, because the call ends with the change. */
export class Navigation {
  /** Departure that the user is asked about. */
  readonly #departure = signal<Departure | undefined>(undefined);
  readonly #conversation: Conversation;
  readonly #address: Address;
  readonly #askToEndCall: () => void;

  /** @param askToEndCall asks the user, and calls `leaveCall` or `stayInCall` */
  constructor(conversation: Conversation, address: Address, askToEndCall: () => void) {
    this.#conversation = conversation;
    this.#address = address;
    this.#askToEndCall = askToEndCall;
  }

  /** Follows the address of the page, and the back button. */
  start(): void {
    const { current, named } = this.#address;
    if (current !== undefined) this.#conversation.choice.request(current, current === named);
    this.#address.watch((sessionId) => this.depart(() => this.#conversation.openStored(sessionId)));
  }

  /** Shows the open conversation in the address. */
  showAddress(): void {
    const { choice, isEmpty } = this.#conversation;
    const sessionId = choice.sessionId.value;
    if (sessionId !== undefined) this.#address.show(sessionId, !isEmpty.value || choice.isOpening.value);
  }

  openStored(sessionId: string): void {
    if (sessionId !== this.#conversation.choice.sessionId.peek())
      this.depart(() => this.#conversation.openStored(sessionId));
  }

  startOver(): void {
    this.depart(() => this.#conversation.startOver());
  }

  /** Ends the call, and opens what the user has chosen. */
  leaveCall(): void {
    const departure = this.#departure.value;
    this.#departure.value = undefined;
    departure?.leave();
  }

  /** Called when the question is closed. */
  stayInCall(): void {
    const departure = this.#departure.value;
    this.#departure.value = undefined;
    departure?.stay();
  }

  /** Runs what leaves the open conversation, during a call when the user agrees. */
  depart(leave: () => void): void {
    if (this.#conversation.voice.peek() === 'off') {
      leave();
      return;
    }
    // The address may be that of the other conversation already.
    this.#departure.value = { leave, stay: () => this.showAddress() };
    this.#askToEndCall();
  }
}
