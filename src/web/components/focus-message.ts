/** Moves the focus to the message field. */
export function focusMessage(): void {
  document.querySelector<HTMLElement>('.composer textarea')?.focus();
}
