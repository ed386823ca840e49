import { hasMouse } from './has-mouse.ts';

/**
 * Keeps the place of keyboard users. When the focused control disappears or becomes disabled, the browser moves the focus to the body, from where
 * the next Tab starts at the top of the page. The keeper moves the focus to the message field instead, or to the conversation.
 */
export class FocusKeeper {
  readonly #root: HTMLElement;
  #focused: HTMLElement | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Watches the root for as long as the page lives. */
  start(): void {
    this.#root.addEventListener('focusin', ({ target }) => {
      this.#focused = target instanceof HTMLElement ? target : undefined;
    });
    // A microtask later the browser has removed a control that loses the focus for that reason.
    this.#root.addEventListener('focusout', () => queueMicrotask(() => this.#forgetIfUsable()));
    const observer = new MutationObserver(() => this.#restoreFocus());
    observer.observe(this.#root, { subtree: true, childList: true, attributeFilter: ['disabled', 'hidden'] });
  }

  /** Forgets a control that the user has left. */
  #forgetIfUsable(): void {
    if (this.#focused && document.activeElement !== this.#focused && isUsable(this.#focused)) this.#focused = undefined;
  }

  #restoreFocus(): void {
    const focused = this.#focused;
    if (!focused || isUsable(focused)) return;
    const { activeElement } = document;
    if (activeElement && activeElement !== document.body && activeElement !== focused) return;
    this.#focused = undefined;
    const field = this.#root.querySelector<HTMLElement>('textarea');
    const log = this.#root.querySelector<HTMLElement>('[role="log"]');
    const heir = hasMouse() && field ? field : log;
    if (heir && isUsable(heir)) heir.focus({ preventScroll: true });
  }
}

function isUsable(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled') && element.closest('[hidden]') === null;
}
