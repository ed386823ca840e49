import { afterEach, expect, test } from '@jest/globals';
import { callMessages } from '../../src/web/messages/call.ts';
import { messages, showLanguage } from '../../src/web/messages/current.ts';
import { de } from '../../src/web/messages/de.ts';
import { en } from '../../src/web/messages/en.ts';
import { enAnswers } from '../../src/web/messages/en-answers.ts';
import { enCall } from '../../src/web/messages/en-call.ts';
import { enPanels } from '../../src/web/messages/en-panels.ts';
import { LANGUAGES } from '../../src/web/messages/language-tags.ts';
import { panelMessages } from '../../src/web/messages/panels.ts';
import { Notices } from '../../src/web/notices.ts';
import { choosePageLanguage } from '../../src/web/settings/page-language.ts';

/** All texts in English. */
const english = { ...en, ...enAnswers, ...enPanels, call: enCall };

afterEach(() => showLanguage('en'));

test('the message files of all languages have the same keys, and functions with the same number of values', () => {
  const shape = (value: unknown): unknown => {
    if (typeof value === 'function') return `function of ${value.length}`;
    if (typeof value === 'string') return 'text';
    return Object.fromEntries(Object.entries(value as object).map(([key, field]) => [key, shape(field)]));
  };
  expect(shape(de)).toEqual(shape(english));
  expect(Object.keys(LANGUAGES)).toEqual(['en', 'de']);
});

test('no text is empty, and none has an exclamation mark', () => {
  const texts = (value: unknown): string[] => {
    if (typeof value === 'function') return [String(value(...Array(value.length).fill(2)))];
    return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts);
  };
  for (const text of [...texts(english), ...texts(de)]) expect(text).toMatch(/^(?!.*!).*\S/);
});

test.each([
  ['a German browser', ['de-AT', 'en'], 'de'],
  ['a browser whose first language the page lacks', ['fr', 'DE'], 'de'],
  ['a browser of no known language', ['fr', 'constructor'], 'en'],
  ['a browser that names none', [], 'en'],
])('%s gets the first of its languages that the page has', (_kind, preferred, expected) => {
  expect(choosePageLanguage('auto', preferred)).toBe(expected);
});

test('the language that was chosen last is shown, also if the texts of another one are still being loaded', async () => {
  const german = showLanguage('de');
  await showLanguage('en');
  await german;
  expect(messages.value).toBe(en);
});

test('the texts of a call and of the panels change with the language', async () => {
  expect([callMessages.value.end, panelMessages.value.settings.title]).toEqual(['End', 'Settings']);
  await showLanguage('de');
  expect([callMessages.value.end, panelMessages.value.settings.title]).toEqual(['Beenden', 'Einstellungen']);
});

test('a notice that is shown changes its words with the language', async () => {
  const notices = new Notices();
  notices.add({ key: 'image', tone: 'error', text: ({ notice }) => notice.badPicture });
  expect(notices.shown.value).toEqual([{ key: 'image', tone: 'error', text: 'This picture cannot be read.' }]);
  await showLanguage('de');
  expect(notices.shown.value).toEqual([{ key: 'image', tone: 'error', text: 'Dieses Bild ist nicht lesbar.' }]);
});
