import type { ConnectionEvents, LogEvents } from '../../src/wire/named-events.ts';
import { PATIENCE_MS } from './test-server.ts';

/** An event as it came; `data` is decoded JSON. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  /** Absent: an unnamed message. */
  readonly event: string | undefined;
  readonly data: unknown;
}

/** An unnamed message of the plain dialect. */
export interface PlainMessage {
  readonly mime_type?: string;
  readonly data?: string;
  readonly is_transcript?: boolean;
  readonly turn_complete?: true | null;
  readonly interrupted?: true | null;
}

type NamedEvents = LogEvents & ConnectionEvents;

/** What came down one connection, and waiting for more of it. */
export class ReceivedEvents {
  /** All events so far. */
  readonly events: ReceivedEvent[] = [];
  /** What came, undecoded. */
  text = '';
  /** The connection is over. */
  ended = false;
  readonly #waiting = new Set<() => void>();
  /** How many events `nextTurn` has gone through. */
  #turnsReadTo = 0;

  /** The unnamed messages: what a plain `onmessage` sees. */
  get messages(): PlainMessage[] {
    return messagesIn(this.events);
  }

  /** The data of all events of that name. */
  named<Name extends keyof NamedEvents>(name: Name): NamedEvents[Name][] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data as NamedEvents[Name]);
  }

  /** The data of the first event of that name, already there or to come. */
  untilNamed<Name extends keyof NamedEvents>(name: Name): Promise<NamedEvents[Name]> {
    return this.until(`the event ${name}`, () => this.named(name)[0]);
  }

  /** Waits until `predicate` gives a value. @throws naming `what` if the connection ends before */
  async until<T>(what: string, predicate: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const value = predicate();
      if (value) return value;
      const late = Date.now() > deadline;
      if (this.ended || late) {
        throw new Error(
          `${late ? 'waited in vain' : 'the stream ended while waiting'} for ${what}:\n${this.text.slice(-3_000)}`,
        );
      }
      await this.#change(deadline - Date.now());
    }
  }

  /** The messages of the next reply, with the `turn_complete` that ends it. */
  async nextTurn(): Promise<PlainMessage[]> {
    const end = await this.until('turn_complete', () => {
      const index = this.events.findIndex((event, at) => at >= this.#turnsReadTo && endsTurn(event));
      return index < 0 ? undefined : index + 1;
    });
    const turn = this.events.slice(this.#turnsReadTo, end);
    this.#turnsReadTo = end;
    return messagesIn(turn);
  }

  /** What the agent writes, or says, in its next reply. */
  async nextAnswer(): Promise<string> {
    return textOf(await this.nextTurn());
  }

  /** Resolves when the server has ended the connection, or it is cut. */
  async untilEnded(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.ended) {
      if (Date.now() > deadline) throw new Error(`the stream did not end:\n${this.text.slice(-3_000)}`);
      await this.#change(deadline - Date.now());
    }
  }

  /** To be called after each change. */
  protected wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }
}

/** The text in messages, transcripts included. */
export function textOf(messages: readonly PlainMessage[]): string {
  return messages
    .filter(({ mime_type }) => mime_type === 'text/plain')
    .map(({ data }) => data)
    .join('');
}

function messagesIn(events: readonly ReceivedEvent[]): PlainMessage[] {
  return events.filter(({ event }) => event === undefined).map(({ data }) => data as PlainMessage);
}

function endsTurn({ event, data }: ReceivedEvent): boolean {
  return event === undefined && (data as PlainMessage).turn_complete === true;
}
