import { signal } from '@preact/signals';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { ModelStatus } from './model-status.ts';
import type { ServerEvent } from './server-event.ts';

/** State of the live session, as the server reports it. */
export class SessionState {
  readonly session = signal<ConnectionEvents['session'] | undefined>(undefined);
  readonly totalTokens = signal(0);
  readonly #model = new ModelStatus();
  /** State of the model, if the user should know it. */
  readonly upstream = this.#model.upstream;
  /** Name and version of the server, as of the first connection the one that the page came from. */
  #server: string | undefined;
  #endReason: string | undefined;

  /** Reason of the server for the end of the conversation. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /** Whether a session is of another server, or of another version, than the one before. */
  isOtherServer({ server }: ConnectionEvents['session']): boolean {
    return this.#server !== undefined && server !== this.#server;
  }

  onEvent({ name, data }: ServerEvent): void {
    if (name === 'session') {
      this.session.value = data;
      this.#server = data.server;
    } else if (name === 'settings' && this.session.value)
      this.session.value = { ...this.session.value, modality: data.modality };
    else if (name === 'agent' && this.session.value) this.session.value = { ...this.session.value, agent: data.name };
    else if (name === 'status') this.#model.update(data.upstream);
    // Forget the state of the model at a reset, because a newer one may be among the missed events.
    else if (name === 'reset') this.#model.update(undefined);
    else if (name === 'end') this.#endReason = data.reason;
    else if (name === 'usage' && !data.summary) this.totalTokens.value = data.total_tokens || this.totalTokens.value;
  }

  /** Forgets what belongs to one live session: it is left, or another one begins. */
  leave(): void {
    this.#model.update(undefined);
    this.#endReason = undefined;
  }

  /** Forgets what belongs to one user or conversation. */
  clear(): void {
    this.session.value = undefined;
    this.totalTokens.value = 0;
  }
}
