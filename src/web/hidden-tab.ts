/** Time after which a hidden tab counts as left, in ms: a glance at another tab is shorter. */
const LEFT_AFTER_MS = 2_000;

export interface HiddenTabListener {
  /** Called once for each time that the user has left the tab. */
  onLeft(): void;
  /** Called when the user is back, also after a short time. */
  onBack(): void;
}

/** Watches whether the user sees the tab, for as long as the page lives. */
export function watchHiddenTab(document: Document, { onLeft, onBack }: HiddenTabListener): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onChange = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(onLeft, LEFT_AFTER_MS);
    else onBack();
  };
  document.addEventListener('visibilitychange', onChange);
  // A tab may be opened in the background.
  if (document.visibilityState === 'hidden') timer = setTimeout(onLeft, LEFT_AFTER_MS);
}
