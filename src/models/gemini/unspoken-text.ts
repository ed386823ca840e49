import type { ModelEvent } from '../realtime-model.ts';

/** Maximum length of the text that waits, in characters. Longer text is emitted as an answer. */
const MAX_WAITING = 64 * 1024;

/**
 * Text that a model writes in a session in which it speaks. Beside speech such text is reasoning that leaked, and no part of the answer; without any
 * speech in the turn it is the answer. The text waits until that is known.
 * @see livekit/agents-js#2294, livekit/agents#7390, mastra#17434
 */
export class UnspokenText {
  readonly #emit: (event: ModelEvent) => void;
  #waiting = '';
  #hasSpoken = false;

  constructor(emit: (event: ModelEvent) => void) {
    this.#emit = emit;
  }

  add(text: string): void {
    if (this.#hasSpoken) {
      this.#emit({ type: 'text', text, thought: true });
      return;
    }
    this.#waiting += text;
    if (this.#waiting.length > MAX_WAITING) this.#release(false);
  }

  /** The model speaks in this turn. */
  onSpeech(): void {
    if (this.#hasSpoken) return;
    this.#hasSpoken = true;
    this.#release(true);
  }

  /** The answer is complete, or was interrupted. */
  onAnswerEnd(): void {
    this.#release(false);
  }

  onTurnEnd(): void {
    this.#release(false);
    this.#hasSpoken = false;
  }

  /** Forgets the text, because the reply is cancelled. */
  discard(): void {
    this.#waiting = '';
  }

  #release(thought: boolean): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#emit({ type: 'text', text, thought });
  }
}
