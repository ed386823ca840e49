import { signal } from '@preact/signals';
import type { LogEvents } from '../wire/named-events.ts';

type Upstream = LogEvents['status']['upstream'];

/** Time for which a reconnecting model is not shown to the user, in ms. */
const RECONNECTING_MS = 1_000;

/** State of the server's connection to the model, as the page shows it. */
export class ModelStatus {
  readonly upstream = signal<Upstream | undefined>(undefined);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Shows a new state. `reconnecting` is shown only if it lasts longer than a second. */
  update(upstream: Upstream | undefined): void {
    if (upstream === 'reconnecting') {
      this.#timer ??= setTimeout(() => {
        this.upstream.value = upstream;
      }, RECONNECTING_MS);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.upstream.value = upstream;
  }
}
