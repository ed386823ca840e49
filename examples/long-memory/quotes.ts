// A summarizer that asks no model: it keeps the words of the user.
import type { Summarizer } from 'bidi-sse';

export const quotes: Summarizer = {
  summarize({ previousSummary = '', turns, maxCharacters }) {
    const said = turns.filter(({ role }) => role === 'user').map(({ text }) => text);
    return [previousSummary, ...said].join('\n').slice(-maxCharacters);
  },
};
