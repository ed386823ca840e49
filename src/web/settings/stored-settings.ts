import { isLanguage, type Language } from '../messages/language-tags.ts';
import { THEMES, type Theme } from './theme.ts';

/** Settings of the page, which this browser keeps. */
export interface Settings {
  readonly theme: Theme;
  /** Language of the page. `auto`: that of the browser. */
  readonly pageLanguage: Language | 'auto';
  /** Name of the user, as the page shows it. Empty: none. */
  readonly displayName: string;
  /** Name of the agent's voice. Empty: the agent's own. */
  readonly voice: string;
  /** Language of the agent's speech, as a BCP-47 tag. Empty: the agent's own. */
  readonly speechLanguage: string;
  /** How the agent answers while voice is on. */
  readonly answers: 'speech' | 'text';
  /** Ids of devices. Empty: the default one. */
  readonly microphone: string;
  readonly speaker: string;
  /** Volume of the agent, 0 to 1. */
  readonly volume: number;
  /** Whether single keys outside of text fields are shortcuts. */
  readonly singleKeys: boolean;
}

export type SettingsStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** Key of the storage under which the settings are kept. */
export const SETTINGS_KEY = 'bidi-sse.settings';
/** Maximum length of a name, a voice or a language tag, in characters. The rest is cut off. */
export const MAX_LENGTH = 60;

export const DEFAULT_SETTINGS: Settings = {
  theme: 'system',
  pageLanguage: 'auto',
  displayName: '',
  voice: '',
  speechLanguage: '',
  answers: 'speech',
  microphone: '',
  speaker: '',
  volume: 1,
  singleKeys: true,
};

/** Reads the settings. Never throws: what cannot be read has its default. */
export function readSettings(storage: SettingsStorage | undefined): Settings {
  try {
    return checkSettings(Object(JSON.parse(storage?.getItem(SETTINGS_KEY) ?? '{}')));
  } catch {
    return DEFAULT_SETTINGS;
  }
}

/** Replaces what is missing or not valid by its default, as after an update of the page. */
export function checkSettings(values: Partial<Record<keyof Settings, unknown>>): Settings {
  const { theme, pageLanguage, answers } = values;
  return {
    theme: THEMES.find((known) => known === theme) ?? DEFAULT_SETTINGS.theme,
    pageLanguage: isLanguage(pageLanguage) ? pageLanguage : DEFAULT_SETTINGS.pageLanguage,
    displayName: checkText(values.displayName),
    voice: checkText(values.voice),
    speechLanguage: checkText(values.speechLanguage),
    answers: answers === 'text' ? answers : DEFAULT_SETTINGS.answers,
    microphone: checkId(values.microphone),
    speaker: checkId(values.speaker),
    volume: checkVolume(values.volume),
    singleKeys: values.singleKeys !== false,
  };
}

/** @returns whether the browser has kept the settings: false if its storage is full or forbidden */
export function writeSettings(storage: SettingsStorage | undefined, settings: Settings): boolean {
  try {
    storage?.setItem(SETTINGS_KEY, JSON.stringify(settings));
    return storage !== undefined;
  } catch {
    return false;
  }
}

function checkText(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, MAX_LENGTH) : '';
}

/** Browsers give devices ids of 64 hexadecimal digits. */
function checkId(value: unknown): string {
  return typeof value === 'string' && value.length <= 128 ? value : '';
}

function checkVolume(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : DEFAULT_SETTINGS.volume;
}
