// This script blocks the first paint, so that the page is never shown in the colours of another theme. It has a file of its own, because the policy
// of the page allows no script within the document.
import { getBrowserStorage } from './browser-storage.ts';
import { choosePageLanguage } from './settings/page-language.ts';
import { readSettings } from './settings/stored-settings.ts';
import { applyTheme } from './settings/theme.ts';

/** Names of the scripts that contain the texts of a language. The build sets them. */
declare const MESSAGE_FILES: Readonly<Record<string, string>>;

const settings = readSettings(getBrowserStorage('localStorage'));
applyTheme(settings.theme);

const language = choosePageLanguage(settings.pageLanguage);
document.documentElement.lang = language;
// The page's script contains the English texts. Other texts are loaded beside it, not after it.
const file = MESSAGE_FILES[language];
if (file) {
  const preload = document.createElement('link');
  preload.rel = 'modulepreload';
  preload.href = `static/${file}`;
  document.head.append(preload);
}
