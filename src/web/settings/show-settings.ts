import { effect } from '@preact/signals';
import { language, showLanguage } from '../messages/current.ts';
import { choosePageLanguage } from './page-language.ts';
import type { PageSettings } from './page-settings.ts';
import { applyTheme, DARK_SYSTEM } from './theme.ts';

/**
 * Shows the page in the theme and the language of the settings, also after they, or those of the system, have changed.
 * @returns a promise that resolves when the texts of the language are there
 */
export function showSettings({ values }: PageSettings): Promise<void> {
  let loaded = Promise.resolve();
  effect(() => {
    loaded = showLanguage(choosePageLanguage(values.value.pageLanguage));
  });
  effect(() => {
    document.documentElement.lang = language.value;
  });
  effect(() => applyTheme(values.value.theme));
  matchMedia(DARK_SYSTEM).addEventListener('change', () => applyTheme(values.value.theme));
  return loaded;
}
