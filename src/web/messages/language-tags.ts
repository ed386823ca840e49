/** Languages of the page, with their own names. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;

/** Language of the page, as a BCP-47 tag. */
export type Language = keyof typeof LANGUAGES;

export function isLanguage(tag: unknown): tag is Language {
  return typeof tag === 'string' && Object.hasOwn(LANGUAGES, tag);
}
