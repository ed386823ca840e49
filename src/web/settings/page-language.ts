import { isLanguage, type Language } from '../messages/language-tags.ts';
import type { Settings } from './stored-settings.ts';

/** Chooses the language of the page. `auto`: the first of the browser's languages that the page has, or English. */
export function choosePageLanguage(setting: Settings['pageLanguage'], preferred = navigator.languages): Language {
  if (setting !== 'auto') return setting;
  for (const tag of preferred) {
    const [base] = tag.toLowerCase().split('-');
    if (isLanguage(base)) return base;
  }
  return 'en';
}
