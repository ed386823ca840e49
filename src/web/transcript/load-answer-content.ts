import { signal } from '@preact/signals';

type AnswerContent = typeof import('./answer-content.tsx').AnswerContent;

/** Component that shows the content of answers; `undefined` until it has been loaded. A page that is opened has no answers yet. */
export const answerContent = signal<AnswerContent | undefined>(undefined);

/** Loads the component. Call it again after a failure, as with the next answer. Never rejects. */
export async function loadAnswerContent(): Promise<void> {
  try {
    answerContent.value ??= (await import('./answer-content.tsx')).AnswerContent;
  } catch {
    // The server is away. Until the next attempt the page shows answers as plain text.
  }
}
