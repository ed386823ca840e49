import type { GoogleGenAI, LiveConnectConfig, LiveServerMessage, Session } from '@google/genai';

/** A question that the model has not answered, for a reason that says nothing about the model's family. */
export class UnexaminedError extends Error {}

/** Maximum time until `setupComplete`, in ms. */
const SETUP_LIMIT_MS = 10_000;
/** Maximum wait for the end of a connection, in ms. */
const CLOSE_LIMIT_MS = 1_000;
/** Close codes by which Gemini refuses a request: invalid, or not supported. */
const REFUSALS = new Set([1007, 1008]);

export interface LiveSessionOptions {
  readonly live: GoogleGenAI['live'];
  readonly model: string;
  readonly config: LiveConnectConfig;
  /** Time at which the whole examination ends, as `performance.now()` counts, in ms. */
  readonly deadline: number;
}

/** A session with the model, whose messages are read in order. */
export class LiveSession {
  readonly #deadline: number;
  /** Messages that have not been read. */
  readonly #unread: LiveServerMessage[] = [];
  #session: Session | undefined;
  #close: { code: number; reason: string } | undefined;
  #wake: () => void = () => {};

  /**
   * Opens a session. `refusal` tells whether the model has refused the setup.
   * @throws {UnexaminedError} if the connection fails otherwise, or there is no `setupComplete` within 10 s
   */
  static async open({ live, model, config, deadline }: LiveSessionOptions): Promise<LiveSession> {
    const opened = new LiveSession(deadline);
    const connecting = live.connect({
      model,
      config,
      callbacks: {
        onmessage: (message) => opened.#onMessage(message),
        onclose: ({ code, reason }) => opened.#onClose(code, reason),
      },
    });
    await opened.#attach(connecting);
    return opened;
  }

  private constructor(deadline: number) {
    this.#deadline = deadline;
  }

  /** Refusal by which the model has closed the session, as text. Undefined while the session is open. */
  get refusal(): string | undefined {
    return this.#close && `closed with ${this.#close.code} ${this.#close.reason}`.trim();
  }

  /**
   * Waits for a message and reads it, with all messages before it.
   * @returns undefined if the session is refused, or after `ms`
   * @throws {UnexaminedError} if the session is closed for another reason, or the time of the examination is up
   */
  async wait(matches: (message: LiveServerMessage) => boolean, ms: number): Promise<LiveServerMessage | undefined> {
    const end = performance.now() + ms;
    for (;;) {
      for (let message = this.#unread.shift(); message; message = this.#unread.shift())
        if (matches(message)) return message;
      if (this.#close && !REFUSALS.has(this.#close.code)) throw new UnexaminedError(this.refusal);
      const now = performance.now();
      if (now >= this.#deadline) throw new UnexaminedError('the time of the examination is up');
      if (this.#close || now >= end) return undefined;
      await this.#untilNews(Math.min(end, this.#deadline) - now);
    }
  }

  /** Sends the text of a user who types. @param asRealtimeInput whether the model takes client content for history only */
  type(text: string, asRealtimeInput: boolean): void {
    if (asRealtimeInput) this.send((session) => session.sendRealtimeInput({ text }));
    else this.send((session) => session.sendClientContent({ turns: text }));
  }

  /** Sends a message. Does nothing after the session has been closed: `wait` reports the close. */
  send(write: (session: Session) => void): void {
    if (this.#session && !this.#close) write(this.#session);
  }

  /** Closes the session, and waits until the connection is closed: 1 s at most. */
  async close(): Promise<void> {
    this.#session?.close();
    const end = performance.now() + CLOSE_LIMIT_MS;
    while (!this.#close && performance.now() < end) await this.#untilNews(end - performance.now());
  }

  async #attach(connecting: Promise<Session>): Promise<void> {
    const ms = Math.max(0, Math.min(SETUP_LIMIT_MS, this.#deadline - performance.now()));
    const { promise: expired, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), ms);
    try {
      this.#session = await Promise.race([connecting, expired]);
    } catch (error) {
      if (this.#close && REFUSALS.has(this.#close.code)) return;
      throw new UnexaminedError(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
    if (this.#session) return;
    // The connection may still open. Close it then.
    connecting.then(
      (session) => session.close(),
      () => {},
    );
    throw new UnexaminedError('no setupComplete within 10 s');
  }

  #onMessage(message: LiveServerMessage): void {
    this.#unread.push(message);
    this.#wake();
  }

  #onClose(code: number, reason: string): void {
    this.#close ??= { code, reason };
    this.#wake();
  }

  /** Waits until a message arrives, the session closes, or `ms` have passed. */
  #untilNews(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
