import { connect, type Socket } from 'node:net';
import { readThreadTimes, type ThreadTimes } from './thread-clock.ts';

/** What a server did while it was probed. Times are ms. */
export interface ProbeFigures {
  readonly probes: number;
  /** Longest time for which the server answered nothing, without the time for which it, or the prober, waited for a processor. */
  readonly longestStallMs: number;
  /** Longest time until an answer, as a client sees it. */
  readonly longestWaitMs: number;
  /** Connections that the server closed. */
  readonly lost: number;
}

/** Interval between two probes, in ms. The next probe waits for the answer to the previous one. */
const INTERVAL_MS = 20;
const RECONNECT_MS = 100;

/**
 * Asks a server for `/healthz` all the time, over one connection. On a busy machine a late answer need not be the server's fault, so that the
 * times for which the server and the prober waited for a processor, and the time for which the prober itself ran, are subtracted.
 */
export class Prober {
  readonly #port: number;
  readonly #pid: number;
  #socket: Socket | undefined;
  #pending: { sentAt: number; server: ThreadTimes | undefined; own: ThreadTimes | undefined } | undefined;
  #text = '';
  #probes = 0;
  #longestStallMs = 0;
  #longestWaitMs = 0;
  #lost = 0;
  #stopped = false;

  /** @param pid process id of the server */
  constructor(port: number, pid: number) {
    this.#port = port;
    this.#pid = pid;
  }

  start(): void {
    if (this.#stopped) return;
    const socket = connect({ port: this.#port, host: '127.0.0.1', localAddress: '127.0.0.1' });
    this.#socket = socket;
    this.#text = '';
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('connect', () => this.#probe());
    socket.on('data', (chunk) => this.#receive(chunk.toString('latin1')));
    socket.on('close', () => {
      // The time until the end counts: the server may have ended, or have been too busy to answer.
      this.#finish();
      if (this.#stopped) return;
      this.#lost += 1;
      setTimeout(() => this.start(), RECONNECT_MS);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.destroy();
  }

  /** Returns the figures since the last call. */
  takeFigures(): ProbeFigures {
    // A probe without an answer counts as far as it got.
    this.#measure();
    const figures = {
      probes: this.#probes,
      longestStallMs: this.#longestStallMs,
      longestWaitMs: this.#longestWaitMs,
      lost: this.#lost,
    };
    this.#probes = 0;
    this.#longestStallMs = 0;
    this.#longestWaitMs = 0;
    this.#lost = 0;
    // The rest of a probe in flight is measured from now on.
    if (this.#pending) this.#pending = this.#createProbe();
    return figures;
  }

  #probe(): void {
    if (!this.#socket || this.#socket.destroyed || this.#pending) return;
    this.#pending = this.#createProbe();
    this.#socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  }

  #createProbe() {
    return { sentAt: performance.now(), server: readThreadTimes(this.#pid), own: readThreadTimes(process.pid) };
  }

  #receive(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (end === -1 || this.#text.length < end + 4 + length) return;
    this.#text = '';
    this.#finish();
    setTimeout(() => this.#probe(), INTERVAL_MS);
  }

  #finish(): void {
    this.#measure();
    this.#pending = undefined;
  }

  #measure(): void {
    if (!this.#pending) return;
    const { sentAt, server, own } = this.#pending;
    const waitMs = performance.now() - sentAt;
    const serverNow = readThreadTimes(this.#pid);
    const ownNow = readThreadTimes(process.pid);
    const excused =
      (serverNow && server ? serverNow.waited - server.waited : 0) +
      (ownNow && own ? ownNow.waited - own.waited + (ownNow.ran - own.ran) : 0);
    this.#probes += 1;
    this.#longestWaitMs = Math.max(this.#longestWaitMs, waitMs);
    this.#longestStallMs = Math.max(this.#longestStallMs, waitMs - excused);
  }
}
