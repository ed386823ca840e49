import { signal } from '@preact/signals';

export type DialogName = 'settings' | 'sound' | 'shortcuts' | 'export' | 'end-call';
type Views = typeof import('./panel-views.tsx');

/** Width below which the conversation has no room between both panels beside it. */
const ONE_PANEL = '(max-width: 75rem)';

/** Panels that are open beside the conversation. Most visits need none of it, so that its script is loaded when it is wanted first. */
export class Panels {
  /** The dialog that is open. */
  readonly dialog = signal<DialogName | undefined>(undefined);
  readonly isInspectorOpen = signal(false);
  /** Whether the list of conversations is open. */
  readonly isListOpen = signal(false);
  /** Components of the panels; `undefined` until they are loaded. */
  readonly views = signal<Views | undefined>(undefined);
  readonly #onLoadFailed: (retry: () => void) => unknown;

  /** @param onLoadFailed called when a panel was opened and its script cannot be loaded. `retry` opens it again */
  constructor(onLoadFailed: (retry: () => void) => unknown) {
    this.#onLoadFailed = onLoadFailed;
  }

  /** Loads the panels, because the user may open one. Never rejects. */
  async load(): Promise<void> {
    try {
      this.views.value ??= await import('./panel-views.tsx');
    } catch {
      // The server is away. Opening a panel reports that.
    }
  }

  /** Opens a dialog, in place of one that is open. */
  openDialog(name: DialogName): void {
    this.dialog.value = name;
    void this.#loadOrFail(() => this.openDialog(name));
  }

  /** @param name the dialog that was closed: another one may be open since */
  onDialogClosed(name: DialogName): void {
    if (this.dialog.value === name) this.dialog.value = undefined;
  }

  toggleInspector(): void {
    this.isInspectorOpen.value = !this.isInspectorOpen.value;
    if (!this.isInspectorOpen.value) return;
    if (matchMedia(ONE_PANEL).matches) this.isListOpen.value = false;
    void this.#loadOrFail(() => this.toggleInspector());
  }

  toggleList(): void {
    this.isListOpen.value = !this.isListOpen.value;
    if (!this.isListOpen.value) return;
    if (matchMedia(ONE_PANEL).matches) this.isInspectorOpen.value = false;
    void this.#loadOrFail(() => this.toggleList());
  }

  /** Closes the list of conversations, if it is open. */
  closeList(): void {
    this.isListOpen.value = false;
  }

  async #loadOrFail(retry: () => void): Promise<void> {
    await this.load();
    if (this.views.value) return;
    this.dialog.value = undefined;
    this.isInspectorOpen.value = false;
    this.isListOpen.value = false;
    this.#onLoadFailed(retry);
  }
}
