import type { EventStream } from '../../src/web/connection.ts';

/** An EventSource whose network is the test. */
export class FakeEventStream implements EventStream {
  readonly address: string;
  readyState = 0;
  onerror: ((event: Event) => void) | null = null;
  readonly #listeners = new Map<string, ((event: MessageEvent<string>) => void)[]>();

  constructor(address: string) {
    this.address = address;
  }

  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  close(): void {
    this.readyState = 2;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.address.split('?')[1]);
  }

  /** An event arrives. A closed stream delivers none, as in a browser. */
  emit(name: string, id: string, data: unknown): void {
    if (this.readyState === 2) return;
    this.readyState = 1;
    const event = new MessageEvent(name, { data: JSON.stringify(data), lastEventId: id });
    for (const listener of this.#listeners.get(name) ?? []) listener(event);
  }

  /** The connection is lost: the browser comes back by itself, unless it was refused. */
  fail(refused: boolean): void {
    this.readyState = refused ? 2 : 0;
    this.onerror?.(new Event('error'));
  }
}
