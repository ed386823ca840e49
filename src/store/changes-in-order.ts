/** Runs changes of the same thing one after the other, in the order of the calls. Changes of other things do not wait for them. */
export class ChangesInOrder {
  /** The newest change of each thing, by its name. Never rejects. */
  readonly #newest = new Map<string, Promise<void>>();

  /** Runs a change after those of the same name that were called before, also if they have failed. */
  run<T>(name: string, change: () => Promise<T>): Promise<T> {
    const changed = (this.#newest.get(name) ?? Promise.resolve()).then(change);
    const forget = () => {
      if (this.#newest.get(name) === ended) this.#newest.delete(name);
    };
    const ended = changed.then(forget, forget);
    this.#newest.set(name, ended);
    return changed;
  }

  /** Resolves when the changes that were called before have ended. */
  async settle(): Promise<void> {
    await Promise.all(this.#newest.values());
  }
}
