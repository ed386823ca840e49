/** Keeps the screen on during a call. Browsers release the lock whenever the page is hidden. */
export class WakeLock {
  #sentinel: WakeLockSentinel | undefined;
  #isHeld = false;

  hold(): void {
    this.#isHeld = true;
    document.addEventListener('visibilitychange', this.#request);
    void this.#request();
  }

  release(): void {
    this.#isHeld = false;
    document.removeEventListener('visibilitychange', this.#request);
    void this.#sentinel?.release();
    this.#sentinel = undefined;
  }

  readonly #request = async () => {
    if (document.visibilityState !== 'visible') return;
    try {
      // Not in Firefox before 126, and not on an insecure address.
      const sentinel = await navigator.wakeLock?.request('screen');
      if (this.#isHeld) this.#sentinel = sentinel;
      else await sentinel?.release();
    } catch {
      // The battery is low, for example. The call goes on.
    }
  };
}
