import { signal } from '@preact/signals';
import type { Client, ClientOptions, Rung } from '../client/index.ts';
import type { ConnectionState } from './connection-state.ts';
import { type ClientListener, openClient } from './open-client.ts';

/** Connects the page to its conversation, through one client at a time. */
export class ConversationLink {
  readonly connection = signal<ConnectionState>({ phase: 'connecting' });
  /** Transport of the down connection. */
  readonly rung = signal<Rung>('stream');
  readonly #listener: Omit<ClientListener, 'rung'>;
  #client: Client | undefined;

  constructor(listener: Omit<ClientListener, 'rung'>) {
    this.#listener = listener;
  }

  /** The client; `undefined` before the conversation is opened. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Whether the server has refused the client for good. */
  get hasFailed(): boolean {
    return this.#client?.state === 'failed';
  }

  /** Opens a client in place of the one before. */
  open(options: Omit<ClientOptions, 'url'>): void {
    this.close();
    this.change({ phase: 'connecting' });
    const onConnection = (state: ConnectionState) => this.change(state);
    this.#client = openClient(options, { ...this.#listener, rung: this.rung, onConnection });
  }

  close(): void {
    this.#client?.close();
  }

  /** Shows a state of the connection. */
  change(state: ConnectionState): void {
    this.connection.value = state;
    this.#listener.onConnection(state);
  }

  /** Tries at once to connect again. */
  retryNow(): void {
    if (this.connection.value.phase !== 'live') this.#client?.reconnect();
  }

  /** Closes the connection while nobody sees the page: a browser opens only six to a server, for all tabs together. WebSockets do not count. */
  pause(): void {
    const { phase } = this.connection.value;
    if (this.rung.value !== 'ws' && (phase === 'live' || phase === 'connecting')) this.#client?.pause();
  }

  /** Continues after `pause`. */
  resume(): void {
    if (this.connection.value.phase === 'paused') this.#client?.reconnect();
  }
}
