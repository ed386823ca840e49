import { computed, type Signal, signal } from '@preact/signals';
import type { Speech } from '../../client/index.ts';
import type { SoundChoice } from '../voice/voice.ts';
import { checkSettings, readSettings, type Settings, type SettingsStorage, writeSettings } from './stored-settings.ts';

export interface SettingsListener {
  /** Called when the user wants another voice or language of the agent. */
  onSpeechChanged(): void;
  /** Called when the user wants answers by speech, or no longer wants them. */
  onAnswersChanged(): void;
  /** Called when the user wants other devices, or another volume. */
  onSoundChanged(): void;
}

/** The settings of the page. A change applies at once, and is kept in this browser. */
export class PageSettings {
  readonly values: Signal<Settings>;
  /** Name of the user; empty: none. */
  readonly displayName = computed(() => this.values.value.displayName);
  /** Whether the browser keeps the settings. If not, they last as long as the page. */
  readonly isKept = signal(true);
  readonly #storage: SettingsStorage | undefined;
  readonly #listener: SettingsListener;

  constructor(storage: SettingsStorage | undefined, listener: SettingsListener) {
    this.#storage = storage;
    this.#listener = listener;
    this.values = signal(readSettings(storage));
  }

  /** Speech that the user wants of the agent. */
  get speech(): Speech {
    const { voice, speechLanguage } = this.values.value;
    return { ...(voice ? { voice } : {}), ...(speechLanguage ? { language: speechLanguage } : {}) };
  }

  /** Whether the agent answers by speech while voice is on. */
  get wantsSpeech(): boolean {
    return this.values.value.answers === 'speech';
  }

  /** Devices and volume that the user has chosen. */
  get sound(): SoundChoice {
    return this.values.value;
  }

  change(change: Partial<Settings>): void {
    const changed = checkSettings({ ...this.values.value, ...change });
    this.isKept.value = writeSettings(this.#storage, changed);
    this.#apply(changed);
  }

  /** Forgets what the agent has refused. @returns whether there was anything to forget */
  resetSpeech(): boolean {
    const { voice, speechLanguage } = this.values.value;
    if (!voice && !speechLanguage) return false;
    this.change({ voice: '', speechLanguage: '' });
    return true;
  }

  /** Follows another tab of this browser, which has changed the settings. */
  onStored(): void {
    this.#apply(readSettings(this.#storage));
  }

  #apply(changed: Settings): void {
    const before = this.values.value;
    this.values.value = changed;
    const isOtherSpeech = before.voice !== changed.voice || before.speechLanguage !== changed.speechLanguage;
    if (isOtherSpeech) this.#listener.onSpeechChanged();
    if (before.answers !== changed.answers) this.#listener.onAnswersChanged();
    const isOtherDevice = before.microphone !== changed.microphone || before.speaker !== changed.speaker;
    if (isOtherDevice || before.volume !== changed.volume) this.#listener.onSoundChanged();
  }
}
