import type { ClientEvents } from './events.ts';

/** Calls listeners in the order in which they were added. */
export class Emitter {
  readonly #listeners = new Map<string, Set<(data: never) => void>>();

  /**
   * Adds a listener.
   * @returns a function that removes it
   * @throws {TypeError} if `listener` is no function
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError(`The listener of "${name}" must be a function`);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // Each call adds a function of its own, so that a listener that is added twice is called twice.
    const added = (data: never) => listener(data);
    listeners.add(added);
    return () => listeners.delete(added);
  }

  /** Whether anybody listens. */
  has(name: keyof ClientEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit(name: string, data: unknown): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(data as never); // the wire contract fixes the type of the data for each name
      } catch (error) {
        // The error of a listener is reported as an uncaught exception. The other listeners still receive the event.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
