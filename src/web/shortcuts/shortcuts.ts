import { focusMessage } from '../components/focus-message.ts';
import type { Conversation } from '../conversation.ts';
import type { Navigation } from '../navigation.ts';
import type { Panels } from '../panels.ts';
import type { PageSettings } from '../settings/page-settings.ts';
import type { Shortcut } from './shortcut.ts';

/** Controls that use single keys themselves. */
const TYPING = 'input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable]';

/** The shortcuts of the page. A single key works outside of text fields, and only if the user has not switched single keys off. */
export class Shortcuts {
  readonly list: readonly Shortcut[];
  readonly #conversation: Conversation;
  readonly #navigation: Navigation;
  readonly #settings: PageSettings;

  constructor(conversation: Conversation, navigation: Navigation, panels: Panels, settings: PageSettings) {
    this.#conversation = conversation;
    this.#navigation = navigation;
    this.#settings = settings;
    this.list = [
      { keys: ['Enter'], action: 'send' },
      { keys: ['Shift', 'Enter'], action: 'newLine' },
      { keys: ['Esc'], action: 'interrupt' },
      { keys: ['/'], action: 'write', run: focusMessage },
      { keys: ['V'], action: 'voice', run: () => this.#toggleVoice() },
      { keys: ['M'], action: 'mute', run: () => this.#toggleMuted() },
      { keys: ['C'], action: 'conversations', run: () => panels.toggleList() },
      { keys: ['N'], action: 'newConversation', run: () => this.#startOver() },
      { keys: ['I'], action: 'inspector', run: () => panels.toggleInspector() },
      { keys: ['Space'], action: 'talk' },
      { keys: [','], action: 'settings', run: () => panels.openDialog('settings') },
      { keys: ['?'], action: 'list', run: () => panels.openDialog('shortcuts') },
    ];
  }

  /** Handles a key that was pressed anywhere on the page. */
  onKeyDown(event: KeyboardEvent): void {
    // A dialog has keys of its own: Escape closes it.
    if (event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') this.#conversation.interrupt();
    else if (this.#isSingleKey(event)) this.#runShortcut(event);
  }

  #isSingleKey({ target, ctrlKey, altKey, metaKey, repeat }: KeyboardEvent): boolean {
    if (ctrlKey || altKey || metaKey || repeat || !this.#settings.values.value.singleKeys) return false;
    return !(target instanceof Element && target.matches(TYPING));
  }

  #runShortcut(event: KeyboardEvent): void {
    const name = event.key.toUpperCase();
    const shortcut = this.list.find(({ keys }) => keys.length === 1 && keys[0] === name);
    if (!shortcut?.run) return;
    event.preventDefault();
    shortcut.run();
  }

  #toggleVoice(): void {
    if (this.#conversation.voice.value === 'off') void this.#conversation.talk.start();
    else this.#conversation.talk.stop();
  }

  #startOver(): void {
    if (!this.#conversation.isEmpty.value) this.#navigation.startOver();
  }

  #toggleMuted(): void {
    const { voice } = this.#conversation.talk;
    voice.setMuted(!voice.muted.value);
  }
}
