import { computed, signal } from '@preact/signals';
import { messages } from './messages/current.ts';
import { type Notice, showNotice } from './notice.ts';

/** The notices that the page shows, in the order in which they were added. */
export class Notices {
  readonly #notices = signal<readonly Notice[]>([]);
  /** The notices in the current language. */
  readonly shown = computed(() => this.#notices.value.map((notice) => showNotice(notice, messages.value)));

  /** Adds a notice, in place of an older one of the same key. */
  add(notice: Notice): void {
    this.#notices.value = [...this.#notices.value.filter(({ key }) => key !== notice.key), notice];
  }

  remove(key: Notice['key']): void {
    const notices = this.#notices.value;
    if (notices.some((notice) => notice.key === key))
      this.#notices.value = notices.filter((notice) => notice.key !== key);
  }

  clear(): void {
    this.#notices.value = [];
  }
}
