import { setTimeout as delay } from 'node:timers/promises';
import type { ClientOptions } from '../../../src/client/client-options.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import { quantile } from '../../gauntlet/figures.ts';
import { createLedger, type Ledger } from '../../gauntlet/ledger.ts';
import { BLOCK_MS, createBlockReader, encodeBlock, HEARD_HZ, SPOKEN_HZ } from '../../gauntlet/numbers.ts';

/** How a conversation fared. Times are ms. */
export interface ConversationFigures {
  readonly user: string;
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** What the SDK itself reported: refusals, failures, audio that was dropped, a history that was begun anew. */
  readonly complaints: readonly string[];
  readonly reconnects: number;
  /** Time from a block of audio to its return, in ms. Undefined if none returned. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly longestMs: number | undefined;
}

/** Number of blocks between two texts. */
const TEXT_EVERY = 10;
/** Maximum wait for the return of what was sent, in ms: the SDK repeats a POST and reconnects meanwhile. */
const SETTLE_MS = 20_000;
const MAX_COMPLAINTS = 5;

/**
 * A user who talks and types while others attack the server. Everything that is sent is numbered and comes back from the model, so that a loss,
 * a double and a disorder of either direction are seen here.
 */
export class HonestConversation {
  readonly #user: string;
  readonly #client: Client;
  #blocks: Ledger = createLedger();
  #texts: Ledger = createLedger();
  readonly #reader = createBlockReader(SPOKEN_HZ);
  /** Numbers of the blocks and texts sent before and since the last report. */
  #sentBlocks = 0;
  #sentTexts = 0;
  #blocksBefore = 0;
  #textsBefore = 0;
  #latenciesMs: number[] = [];
  #complaints: string[] = [];
  #reconnectsBefore = 0;
  #words = '';
  #paused = false;
  #turns = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ClientOptions) {
    this.#user = options.userId;
    this.#client = createClient({ isAudio: true, ...options });
    this.#listen();
    void this.#client.send('hello');
  }

  /** Waits until the conversation runs, then talks until `close`. @throws if the model does not answer in time */
  async start(): Promise<void> {
    await this.#until(() => this.#turns > 0);
    if (this.#turns === 0)
      throw new Error(`${this.#user} got no answer: ${this.#client.state} ${this.#complaints.join('; ')}`);
    this.#timer = setInterval(() => this.#talk(), BLOCK_MS);
    this.#talk();
  }

  /** Stops talking until everything has returned, and returns the figures since the last call. */
  async takeFigures(): Promise<ConversationFigures> {
    this.#paused = true;
    const sentBlocks = this.#sentBlocks - this.#blocksBefore;
    const sentTexts = this.#sentTexts - this.#textsBefore;
    await this.#until(() => this.#blocks.taken >= sentBlocks && this.#texts.taken >= sentTexts);
    const accounts = [this.#blocks.close(sentBlocks), this.#texts.close(sentTexts)];
    const sum = (name: 'sent' | 'lost' | 'doubled' | 'outOfOrder') =>
      accounts.reduce((total, account) => total + account[name], 0);
    const { reconnects } = this.#client.statistics;
    const figures = {
      user: this.#user,
      sent: sum('sent'),
      lost: sum('lost'),
      doubled: sum('doubled'),
      outOfOrder: sum('outOfOrder'),
      complaints: this.#complaints,
      reconnects: reconnects - this.#reconnectsBefore,
      p50Ms: quantile(this.#latenciesMs, 0.5),
      p99Ms: quantile(this.#latenciesMs, 0.99),
      longestMs: quantile(this.#latenciesMs, 1),
    };
    this.#blocks = createLedger();
    this.#texts = createLedger();
    this.#blocksBefore = this.#sentBlocks;
    this.#textsBefore = this.#sentTexts;
    this.#latenciesMs = [];
    this.#complaints = [];
    this.#reconnectsBefore = reconnects;
    this.#paused = false;
    return figures;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#client.close();
  }

  #talk(): void {
    if (this.#paused) return;
    this.#client.sendAudio(encodeBlock({ number: ++this.#sentBlocks, sentAt: performance.now() }, HEARD_HZ));
    if (this.#sentBlocks % TEXT_EVERY === 0) void this.#client.send(`say ${++this.#sentTexts}`);
  }

  #listen(): void {
    const client = this.#client;
    client.on('message', (message) => {
      if (!('mime_type' in message)) this.#turns += 1;
      else if (message.mime_type === 'audio/pcm') this.#receiveAudio(Buffer.from(message.data, 'base64'));
      else this.#receiveWords(message.data);
    });
    client.on('gap', () => this.#complain('audio was dropped on the way down'));
    client.on('audio_dropped', () => this.#complain('audio was dropped on the way up'));
    client.on('reset', ({ reason }) => this.#complain(`the log was lost: ${reason}`));
    client.on('failure', ({ code, error }) => this.#complain(`failure ${code}: ${error}`));
    client.on('refused', ({ code, error }) => this.#complain(`refused ${code}: ${error}`));
    client.on('rejected', ({ code, error }) => this.#complain(`rejected ${code}: ${error}`));
    client.on('end', ({ reason }) => this.#complain(`the session ended: ${reason}`));
  }

  #receiveAudio(pcm: Uint8Array): void {
    for (const { number, sentAt } of this.#reader.feed(pcm)) {
      this.#blocks.take(number - this.#blocksBefore);
      this.#latenciesMs.push(performance.now() - sentAt);
    }
  }

  #receiveWords(text: string): void {
    this.#words += text;
    const words = this.#words.split(' ');
    this.#words = words.pop() ?? '';
    for (const word of words) this.#texts.take(Number(word.slice(1)) - this.#textsBefore);
  }

  #complain(text: string): void {
    if (this.#complaints.length < MAX_COMPLAINTS && !this.#complaints.includes(text)) this.#complaints.push(text);
  }

  async #until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while (!condition() && performance.now() < deadline) await delay(10);
  }
}
