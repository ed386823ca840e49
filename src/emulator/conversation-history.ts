import type { Turn } from './gemini-content.ts';

/** Turns a conversation remembers, and their characters in all: older turns are forgotten. */
const MAX_TURNS = 100;
const MAX_CHARACTERS = 32_768;
/** Characters of one turn; the rest is forgotten. */
const MAX_TURN_CHARACTERS = 8_192;

export interface ConversationHistory {
  readonly turns: readonly Turn[];
  add(turn: Turn): void;
  forgetOldest(): void;
  /** Takes the last turn away if it is the user's: it is being answered. */
  takeUnanswered(): Turn | undefined;
}

export function createConversationHistory(earlier: readonly Turn[] = []): ConversationHistory {
  const turns = [...earlier];
  let characters = turns.reduce((sum, turn) => sum + turn.text.length, 0);
  function forgetOldest(): void {
    characters -= turns.shift()?.text.length ?? 0;
  }
  return {
    turns,
    forgetOldest,
    add(turn) {
      const text = turn.text.slice(0, MAX_TURN_CHARACTERS);
      turns.push(text === turn.text ? turn : { ...turn, text });
      characters += text.length;
      while (turns.length > MAX_TURNS || characters > MAX_CHARACTERS) forgetOldest();
    },
    takeUnanswered() {
      if (turns.at(-1)?.role !== 'user') return undefined;
      const turn = turns.pop();
      characters -= turn?.text.length ?? 0;
      return turn;
    },
  };
}
