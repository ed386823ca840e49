/** A Map with a limit. When it is full, the entry that was set least recently is evicted. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #limit: number;
  readonly #onEvict: ((value: Value, key: Key) => void) | undefined;

  /**
   * @param limit maximum number of entries
   * @param onEvict called for each entry that is evicted, after its removal
   */
  constructor(limit: number, onEvict?: (value: Value, key: Key) => void) {
    super();
    this.#limit = limit;
    this.#onEvict = onEvict;
  }

  /** Sets an entry and makes it the newest, whether or not its key was present. */
  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#limit) this.#evictOldest();
    return this;
  }

  #evictOldest(): void {
    for (const [key, value] of this) {
      this.delete(key);
      this.#onEvict?.(value, key);
      return;
    }
  }
}
