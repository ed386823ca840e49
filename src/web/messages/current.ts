import { computed, signal } from '@preact/signals';
import { en, type Messages } from './en.ts';
import type { Language } from './language-tags.ts';

/** A text that is chosen when it is shown, in the language that is current then. */
export type Text = (messages: Messages) => string;

/** Loads the texts of the languages that are not part of the page's script. */
const LOADERS: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Messages>>> = {
  de: async () => (await import('./de.ts')).de,
};

const shown = signal<{ readonly language: Language; readonly messages: Messages }>({ language: 'en', messages: en });
/** Number of calls of `showLanguage`. A later call makes the texts that an earlier one loads obsolete. */
let calls = 0;

/** Language in which the page is shown. */
export const language = computed<Language>(() => shown.value.language);

/** The texts of the page in the current language. A component that reads them is rendered again when the language changes. */
export const messages = computed<Messages>(() => shown.value.messages);

/** Shows the page in a language. If its texts cannot be loaded, the language stays as it is. Never rejects. */
export async function showLanguage(tag: Language): Promise<void> {
  const call = ++calls;
  try {
    const loaded = tag === 'en' ? en : await LOADERS[tag]();
    if (call === calls) shown.value = { language: tag, messages: loaded };
  } catch {
    // The server is away. The next change of the setting loads the texts again.
  }
}
