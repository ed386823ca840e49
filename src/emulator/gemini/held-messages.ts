import type { ClientMessage } from './client-message.ts';

/** Maximum number of messages that are held. At the limit the oldest is forgotten. */
const MAX_HELD = 8;

/** Messages about which a model is silent. Some families react to them when realtime text arrives. @see pipecat PR#4366 */
export class HeldMessages {
  #held: ClientMessage[] = [];

  hold(message: ClientMessage): void {
    this.#held = [...this.#held, message].slice(-MAX_HELD);
  }

  /**
   * Releases the held messages if a message has realtime text.
   * @returns the messages that the model reacts to, in order. A text without words asks nothing
   */
  release(message: ClientMessage): readonly ClientMessage[] {
    if (message.type !== 'realtimeInput' || message.text === undefined) return [message];
    const held = this.#held;
    this.#held = [];
    const { text, ...rest } = message;
    return [...held, text.trim() === '' ? rest : message];
  }
}
