import { computed, signal } from '@preact/signals';
import { en, type Messages } from './en.ts';
import type { Language } from './language-tags.ts';
import type { Translation } from './translation.ts';

/** A text that is chosen when it is shown, in the language that is current then. */
export type Text = (messages: Messages) => string;

/** Loads the texts of a language. The English ones are part of the scripts that show them. */
const LOADERS: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Translation>>> = {
  de: async () => (await import('./de.ts')).de,
};

const shown = signal<{ readonly language: Language; readonly translation?: Translation }>({ language: 'en' });
/** Number of calls of `showLanguage`. A later call makes the texts that an earlier one loads obsolete. */
let calls = 0;

/** Language in which the page is shown. */
export const language = computed<Language>(() => shown.value.language);

/** All texts in the current language; `undefined` in English. */
export const translation = computed<Translation | undefined>(() => shown.value.translation);

/** The texts of the page in the current language. A component that reads them is rendered again when the language changes. */
export const messages = computed<Messages>(() => translation.value ?? en);

/** Shows the page in a language. If its texts cannot be loaded, the language stays as it is. Never rejects. */
export async function showLanguage(tag: Language): Promise<void> {
  const call = ++calls;
  try {
    const next = tag === 'en' ? { language: tag } : { language: tag, translation: await LOADERS[tag]() };
    if (call === calls) shown.value = next;
  } catch {
    // The server is away. The next change of the setting loads the texts again.
  }
}
