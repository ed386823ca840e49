import type { Turn } from './turn.ts';

/** Maximum number of turns in a history. At the limit the oldest turn is discarded. */
const MAX_TURNS = 100;
/** Maximum number of characters in a history. At the limit the oldest turns are discarded. */
const MAX_CHARACTERS = 32_768;
/** Maximum number of characters in a turn. The rest of a longer turn is discarded. */
const MAX_TURN_CHARACTERS = 8_192;

/** The turns that an emulated model remembers, oldest first. */
export class ConversationHistory {
  readonly #turns: Turn[];
  #characters: number;

  constructor(earlier: readonly Turn[] = []) {
    this.#turns = [...earlier];
    this.#characters = earlier.reduce((sum, turn) => sum + turn.text.length, 0);
  }

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  add(turn: Turn): void {
    const text = turn.text.slice(0, MAX_TURN_CHARACTERS);
    this.#turns.push(text === turn.text ? turn : { ...turn, text });
    this.#characters += text.length;
    while (this.#turns.length > MAX_TURNS || this.#characters > MAX_CHARACTERS) this.forgetOldest();
  }

  forgetOldest(): void {
    this.#characters -= this.#turns.shift()?.text.length ?? 0;
  }

  /** Removes and returns the last turn if the user wrote it, because the model is about to answer it. */
  takeUnanswered(): Turn | undefined {
    if (this.#turns.at(-1)?.role !== 'user') return undefined;
    const turn = this.#turns.pop();
    this.#characters -= turn?.text.length ?? 0;
    return turn;
  }
}
