/** The part of the browser's Web Locks that is used here. */
export type Locks = Pick<LockManager, 'request' | 'query'>;

export interface VoiceLockOptions {
  /** Absent in old browsers, and on pages without a secure address: then this tab does not know of the others. */
  readonly locks: Locks | undefined;
  /** Channel to the other tabs of this browser; absent where there is none. */
  readonly channel: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'> | undefined;
  /** Called when another tab takes the voice over. */
  readonly onTaken: () => void;
  /** Called when another tab has the voice, and when it has given the voice up. */
  readonly onHeldElsewhere: (held: boolean) => void;
}

/** Ownership of the voice of one conversation among the tabs of a browser: one tab records and plays, the others know it. */
export class VoiceLock {
  readonly #options: VoiceLockOptions;
  #name = '';
  /** Whether another tab has the voice of the conversation. */
  #heldElsewhere = false;
  /** Gives the lock up; `undefined` while this tab does not hold it. */
  #release: (() => void) | undefined;

  constructor(options: VoiceLockOptions) {
    this.#options = options;
    options.channel?.addEventListener('message', () => void this.refresh());
  }

  /** Follows the voice of another conversation. Gives up that of the one before. @param conversation name that only this conversation has */
  follow(conversation: string): void {
    const name = `bidi-sse.voice ${conversation}`;
    if (name === this.#name) return;
    this.release();
    this.#name = name;
    void this.refresh();
  }

  /**
   * Makes this tab the owner.
   * @param take whether to take the voice from another tab
   * @returns false if another tab has it
   */
  async acquire(take: boolean): Promise<boolean> {
    const { locks } = this.#options;
    if (!locks || this.#release) return true;
    return new Promise((resolve) => {
      const hold = async (lock: Lock | null) => {
        resolve(lock !== null);
        this.#setHeldElsewhere(lock === null);
        if (!lock) return;
        const released = new Promise<void>((release) => {
          this.#release = release;
        });
        this.#announce();
        await released;
      };
      locks.request(this.#name, take ? { steal: true } : { ifAvailable: true }, hold).then(
        () => this.#announce(),
        () => this.#onTaken(resolve),
      );
    });
  }

  /** Gives the voice up; other tabs may have it. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** Asks the browser who has the voice. */
  async refresh(): Promise<void> {
    const { locks } = this.#options;
    if (!locks || this.#release) return;
    const name = this.#name;
    // A browser that forbids all site data refuses; then this tab does not know of the others.
    const { held = [] } = await locks.query().catch((): LockManagerSnapshot => ({}));
    if (name === this.#name) this.#setHeldElsewhere(!this.#release && held.some((lock) => lock.name === name));
  }

  /** The browser has refused the lock, or another tab has taken it. */
  #onTaken(resolve: (isOwner: boolean) => void): void {
    // Without a lock a single tab works all the same.
    resolve(true);
    if (!this.#release) return;
    this.#release = undefined;
    this.#setHeldElsewhere(true);
    this.#options.onTaken();
  }

  #setHeldElsewhere(held: boolean): void {
    if (held === this.#heldElsewhere) return;
    this.#heldElsewhere = held;
    this.#options.onHeldElsewhere(held);
  }

  #announce(): void {
    this.#options.channel?.postMessage('changed');
  }
}
