import { expect, test } from '@jest/globals';
import { PageSettings } from '../../src/web/settings/page-settings.ts';
import { listSpeechLanguages } from '../../src/web/settings/speech-languages.ts';
import { DEFAULT_SETTINGS, readSettings, SETTINGS_KEY } from '../../src/web/settings/stored-settings.ts';

/** Creates settings over a simulated storage. */
function setUp(stored?: string) {
  const values = new Map(stored === undefined ? [] : [[SETTINGS_KEY, stored]]);
  const log: string[] = [];
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  };
  const settings = new PageSettings(storage, {
    onSpeechChanged: () => log.push('speech'),
    onAnswersChanged: () => log.push('answers'),
    onSoundChanged: () => log.push('sound'),
  });
  return { settings, storage, log };
}

test('a change is kept, and found again by the next page', () => {
  const { settings, storage } = setUp();
  expect(settings.values.value).toEqual(DEFAULT_SETTINGS);
  settings.change({ theme: 'dark', displayName: ' Ann ' });
  expect(settings.isKept.value).toBe(true);
  expect(readSettings(storage)).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark', displayName: 'Ann' });
});

test.each([
  ['no JSON', 'nonsense'],
  ['another type', '[1]'],
  ['null', 'null'],
  ['values of other types', '{"theme":"pink","pageLanguage":7,"displayName":{},"voice":null,"answers":1}'],
  ['names of Object.prototype', '{"theme":"constructor","pageLanguage":"toString"}'],
])('stored settings that are %s are read as the defaults', (_kind, stored) => {
  expect(setUp(stored).settings.values.value).toEqual(DEFAULT_SETTINGS);
});

test('a name that is too long is cut off, also one that was stored', () => {
  const { settings, storage } = setUp(JSON.stringify({ displayName: 'x'.repeat(10_000) }));
  expect(settings.values.value.displayName).toHaveLength(60);
  settings.change({ voice: 'y'.repeat(10_000) });
  expect(readSettings(storage).voice).toHaveLength(60);
});

test.each([
  ['full', new DOMException('full', 'QuotaExceededError')],
  ['forbidden', new DOMException('no', 'SecurityError')],
])('with a storage that is %s the settings last as long as the page, which says so', (_kind, error) => {
  const fail = () => {
    throw error;
  };
  const settings = new PageSettings(
    { getItem: fail, setItem: fail },
    { onSpeechChanged: fail, onAnswersChanged: fail, onSoundChanged: fail },
  );
  settings.change({ theme: 'light' });
  expect([settings.values.value.theme, settings.isKept.value]).toEqual(['light', false]);
});

test('without a storage the page says that the settings are not kept', () => {
  const settings = new PageSettings(undefined, {
    onSpeechChanged: () => undefined,
    onAnswersChanged: () => undefined,
    onSoundChanged: () => undefined,
  });
  settings.change({ theme: 'light' });
  expect(settings.isKept.value).toBe(false);
});

test('another device or volume is reported, and values that are not valid are replaced by the defaults', () => {
  const { settings, log } = setUp('{"microphone":7,"volume":3}');
  expect([settings.sound.microphone, settings.sound.volume]).toEqual(['', 1]);
  settings.change({ volume: 0.5 });
  settings.change({ microphone: 'm'.repeat(64) });
  settings.change({ speaker: 's'.repeat(1_000) });
  expect(log).toEqual(['sound', 'sound']);
  expect([settings.sound.microphone, settings.sound.speaker]).toEqual(['m'.repeat(64), '']);
});

test('the agent is told of its voice, its language and the kind of its answers, and of nothing else', () => {
  const { settings, log } = setUp();
  settings.change({ theme: 'dark', displayName: 'Ann', singleKeys: false, pageLanguage: 'de' });
  expect([log, settings.speech]).toEqual([[], {}]);
  settings.change({ voice: 'Kore', speechLanguage: 'de-DE' });
  settings.change({ voice: 'Kore' });
  expect([log.splice(0), settings.speech]).toEqual([['speech'], { voice: 'Kore', language: 'de-DE' }]);
  settings.change({ answers: 'text' });
  expect([log.splice(0), settings.wantsSpeech]).toEqual([['answers'], false]);
  expect([settings.resetSpeech(), log, settings.speech, settings.resetSpeech()]).toEqual([true, ['speech'], {}, false]);
});

test('a change in another tab is followed', () => {
  const { settings, storage, log } = setUp();
  storage.setItem(SETTINGS_KEY, JSON.stringify({ theme: 'dark', voice: 'Puck' }));
  settings.onStored();
  expect([settings.values.value.theme, settings.speech, log]).toEqual(['dark', { voice: 'Puck' }, ['speech']]);
});

test('the languages of speech have names in the language of the page, and include one that was chosen elsewhere', () => {
  const german = listSpeechLanguages('', 'de');
  expect(german).toContainEqual(['de-DE', 'Deutsch (Deutschland)']);
  expect(listSpeechLanguages('sv-SE', 'en')).toHaveLength(german.length + 1);
  expect(listSpeechLanguages('not a tag', 'en')).toContainEqual(['not a tag', 'not a tag']);
});
