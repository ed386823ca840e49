import { createParser } from 'eventsource-parser';

/** 100 ms of 16 kHz PCM, which the upstream takes for speech. */
const SPEECH = { mime_type: 'audio/pcm', data: Buffer.alloc(3_200, 3).toString('base64') };

interface Waiter {
  readonly isWanted: (name: string | undefined, data: string) => boolean;
  readonly resolve: (at: number) => void;
}

/** A client of the server that asks, interrupts, and notes when the speech arrives. */
export class ToolListener {
  readonly #address: string;
  readonly #abort = new AbortController();
  readonly #waiters = new Set<Waiter>();
  /** Times at which a piece of speech arrived, in ms. */
  #pieces: number[] = [];

  constructor(address: string) {
    this.#address = address;
  }

  /** Opens the stream, and waits until the upstream is ready. */
  async open(): Promise<void> {
    const ready = this.#waitFor((name, data) => name === 'status' && data.includes('"ready"'));
    const { body } = await fetch(`${this.#address}/events/listener?is_audio=true`, { signal: this.#abort.signal });
    if (!body) throw new Error('the server has not opened a stream');
    void this.#read(body);
    await ready;
  }

  /** Asks for an answer with this many calls, and waits until it is heard. */
  async ask(calls: number): Promise<void> {
    this.#pieces = [];
    const heard = this.#waitFor((name, data) => name === undefined && data.includes('audio/pcm'));
    await this.#post({ mime_type: 'text/plain', data: `${calls} calls` });
    await heard;
  }

  /** Speaks into the answer. @returns ms until the client knows that it is interrupted */
  async interrupt(): Promise<number> {
    const interrupted = this.#waitFor((_name, data) => data.includes('"interrupted":true'));
    const end = this.#waitFor((_name, data) => data.includes('"turn_complete":true'));
    const begin = performance.now();
    await this.#post(SPEECH);
    const at = await interrupted;
    await end;
    return at - begin;
  }

  /** Gaps between pieces of speech since the question, in ms, in ascending order. */
  get gaps(): number[] {
    return this.#pieces
      .slice(1)
      .map((at, index) => at - (this.#pieces[index] ?? at))
      .sort((a, b) => a - b);
  }

  /** Resolves with the time at which the results of so many calls have arrived. */
  async waitForResults(count: number): Promise<void> {
    let left = count;
    await this.#waitFor((name) => {
      if (name === 'tool_result') left -= 1;
      return left === 0;
    });
  }

  close(): void {
    this.#abort.abort();
  }

  #waitFor(isWanted: Waiter['isWanted']): Promise<number> {
    return new Promise((resolve) => this.#waiters.add({ isWanted, resolve }));
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ event, data }) => {
        const now = performance.now();
        if (event === undefined && data.includes('audio/pcm')) this.#pieces.push(now);
        for (const waiter of this.#waiters) {
          if (!waiter.isWanted(event, data)) continue;
          this.#waiters.delete(waiter);
          waiter.resolve(now);
        }
      },
    });
    try {
      for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  async #post(item: object): Promise<void> {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${this.#address}/send/listener`, {
      method: 'POST',
      headers,
      body: JSON.stringify(item),
    });
    if (!answer.ok) throw new Error(`a POST was answered ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
