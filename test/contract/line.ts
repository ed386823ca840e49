import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { stir } from './fake-clock.ts';
import type { AnswerFate } from './fate.ts';

/** The near end of a new connection; `undefined`: nobody listens. */
export type Connect = () => Duplex | undefined;

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Brings a request to the server, over a connection of its own. @param torn only half of the body, then the line breaks */
export function deliver(
  connect: Connect,
  { method, path, headers }: RequestHead,
  body: Uint8Array,
  torn: boolean,
): Promise<IncomingMessage> {
  const connection = connect();
  if (!connection) return Promise.reject(brokenLine());
  return new Promise((resolve, reject) => {
    const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
    const request = httpRequest({
      createConnection: () => connection,
      method,
      path,
      headers: { host: 'localhost', ...headers, ...length },
    });
    request.on('response', (answer) => {
      // A break after this is the answer's.
      answer.on('error', () => undefined);
      answer.on('close', () => connection.destroy());
      stir();
      resolve(answer);
    });
    request.on('error', () => reject(brokenLine()));
    request.on('close', () => reject(brokenLine()));
    if (torn) request.write(body.subarray(0, body.length / 2), () => setImmediate(() => request.destroy()));
    else request.end(body);
  });
}

/** Creates the error that `fetch` throws when the network fails. */
export function brokenLine(): TypeError {
  return new TypeError('fetch failed');
}

/** The way back of one answer, at whose end a client reads. */
export class Line {
  readonly body: ReadableStream<Uint8Array>;
  readonly #answer: Readable;
  #fate: AnswerFate;
  readonly #onOver: (whole: boolean) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Timer of the connection's lifetime. */
  #timer: NodeJS.Timeout | undefined;
  /** Has the chunk arrive that is on its slow way. */
  #arrive: (() => void) | undefined;
  #arrival: NodeJS.Timeout | undefined;
  /** Chunks that are held back. */
  #kept: Uint8Array[] = [];
  #passed = 0;
  #frozen = false;
  #over = false;

  /** @param onOver called once. `whole`: the client has got all of it, unchanged */
  constructor(answer: Readable, fate: AnswerFate, onOver: (whole: boolean) => void) {
    this.#answer = answer;
    this.#fate = fate;
    this.#onOver = onOver;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#resume(),
      cancel: () => this.leave(false),
    });
    answer.on('data', (chunk: Buffer) => this.#take(new Uint8Array(chunk)));
    answer.on('end', () => this.#end());
    answer.on('close', () => this.cut());
    // Check again, because the connection may have broken during the delay of the response.
    if (fate === 'swallowed' || answer.destroyed) this.cut();
    else if (typeof fate === 'object' && 'livesMs' in fate) {
      const { livesMs } = fate;
      this.#timer = setTimeout(() => (fate.ending === 'cut' ? this.cut() : this.#close(false)), livesMs);
    }
  }

  /** The line breaks, on both sides. */
  cut(): void {
    if (this.#finish(false)) this.#controller?.error(brokenLine());
    this.#answer.destroy();
  }

  /** Ends the slowness, and the end that was still to come. A frozen connection stays frozen. */
  heal(): void {
    if (typeof this.#fate === 'object') this.#fate = 'passes';
    clearTimeout(this.#arrival);
    this.#arrive?.();
  }

  /** Stops all data without notice to either side. */
  freeze(): void {
    this.#frozen = true;
    this.#answer.pause();
  }

  /** The client goes. @param deaf the server is not told, and writes on */
  leave(deaf: boolean): void {
    this.#finish(false);
    if (deaf) this.#answer.resume();
    else this.#answer.destroy();
  }

  /** Makes the next read throw this error. */
  fail(reason: unknown): void {
    if (!this.#over) this.#controller?.error(reason);
  }

  #take(chunk: Uint8Array): void {
    if (this.#over || this.#frozen) return;
    const fate = this.#fate;
    if (fate === 'buffered') this.#kept.push(chunk);
    else if (fate === 'lagging') {
      this.#kept.push(chunk);
      if (this.#kept.length > 1) this.#write(this.#kept.shift());
    } else if (typeof fate === 'object' && 'after' in fate) {
      this.#write(chunk.subarray(0, fate.after - this.#passed));
      if (this.#passed < fate.after) return;
      if (fate.ending === 'cut') this.cut();
      else if (fate.ending === 'end') this.#close(false);
      else this.freeze();
    } else if (typeof fate === 'object' && ('bytesPerSecond' in fate || 'chunkMs' in fate)) {
      this.#answer.pause();
      this.#arrive = () => {
        this.#arrive = undefined;
        this.#write(chunk);
        if (!this.#frozen) this.#answer.resume();
      };
      const ms = 'chunkMs' in fate ? fate.chunkMs : (chunk.length / fate.bytesPerSecond) * 1000;
      this.#arrival = setTimeout(this.#arrive, ms);
    } else this.#write(chunk);
  }

  #write(chunk: Uint8Array | undefined): void {
    if (!chunk || chunk.length === 0 || this.#over) return;
    this.#passed += chunk.length;
    this.#controller?.enqueue(chunk);
    stir();
    if ((this.#controller?.desiredSize ?? 0) <= 0) this.#answer.pause();
  }

  /** The client has read what there was. */
  #resume(): void {
    if (!this.#frozen && !this.#arrive) this.#answer.resume();
  }

  #end(): void {
    if (this.#frozen) return;
    for (const chunk of this.#kept.splice(0)) this.#write(chunk);
    this.#close(true);
  }

  #close(whole: boolean): void {
    if (this.#finish(whole)) this.#controller?.close();
    this.#answer.destroy();
  }

  #finish(whole: boolean): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#arrival);
    stir();
    this.#onOver(whole);
    return true;
  }
}
