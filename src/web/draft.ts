type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const KEY = 'bidi-sse.draft';
/** Maximum length of a draft that is kept, in characters. */
const MAX_CHARACTERS = 100_000;

/** The message that is being written in this tab, which survives a reload. Works without storage: then it does not. */
export class Draft {
  readonly #storage: DraftStorage | undefined;

  /** @param storage of this tab, as `sessionStorage` */
  constructor(storage: DraftStorage | undefined) {
    this.#storage = storage;
  }

  load(): string {
    try {
      return this.#storage?.getItem(KEY) ?? '';
    } catch {
      return '';
    }
  }

  save(text: string): void {
    try {
      if (text === '' || text.length > MAX_CHARACTERS) this.#storage?.removeItem(KEY);
      else this.#storage?.setItem(KEY, text);
    } catch {
      // The storage is full, or the settings of the browser forbid it.
    }
  }
}
