import { expect } from '@jest/globals';
import { type Answer, exchange, post } from '../http/requests.ts';
import type { TestServer } from '../http/test-server.ts';
import { readLabel, voiceUp } from './labelled-voice.ts';
import { type HeardTurn, TurnReader } from './turn-reader.ts';

/** The name that it gives itself. */
/** Maximum audio of one request to the model, in ms. */
const PIECE_MS = 960;
export const PHONE = 'phone';
/** Number of audio pieces between two acknowledgements. The server sends at most 15 unacknowledged ones. */
const ACK_PIECES = 8;
/** Duration of the microphone's chunks, in ms, and their number in a POST. */
const CHUNK_MS = 100;
const CHUNKS = 5;

/** A client that numbers what it says, says it over a network that mixes it up and doubles it, and acknowledges what it hears. */
export class Phone extends TurnReader {
  readonly #server: TestServer;
  /** The number of its next POST. */
  cseq = 1;

  constructor(server: TestServer, stream: ConstructorParameters<typeof TurnReader>[0]) {
    super(stream);
    this.#server = server;
  }

  override async turn(): Promise<HeardTurn> {
    for (let pieces = ACK_PIECES; !(await this.untilPieces(pieces)); pieces += ACK_PIECES) await this.acknowledge();
    return super.turn();
  }

  async acknowledge(): Promise<void> {
    const { status } = await post(this.#server, { client: PHONE, ack: this.lastId });
    expect(status).toBe(200);
  }

  /** Sends a POST with the next number, unless a number is given. */
  post(items: readonly object[], cseq = this.cseq++): Promise<Answer> {
    return post(this.#server, { client: PHONE, cseq, ack: this.lastId, items });
  }

  /** Speaks for so many half seconds, all of them on their way at once and one twice. @returns what the model is to hear */
  async speak(label: string, posts: number, then: readonly object[] = []): Promise<string[]> {
    const lines: string[] = [];
    const sending: Promise<Answer>[] = [];
    for (let index = 0; index < posts; index += 1) {
      const items: object[] = [];
      for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
        const data = voiceUp(`${label} ${index * CHUNKS + chunk}`, CHUNK_MS).toString('base64');
        items.push({ mime_type: 'audio/pcm', data });
        lines.push(readLabel(data));
      }
      if (index === posts - 1) items.push(...then);
      const { cseq } = this;
      sending.push(this.post(items));
      if (index === 1) sending.push(this.post(items, cseq));
    }
    for (const { status, text } of await Promise.all(sending))
      expect([status, text]).toEqual([200, expect.any(String)]);
    return lines;
  }

  /**
   * Sends the same speech as a recording: a body that is only audio.
   * @returns what the model is to hear: the recording in pieces of 0.96 s
   */
  async record(label: string, seconds: number): Promise<string[]> {
    const query = new URLSearchParams({ client: PHONE, cseq: `${this.cseq++}`, ack: this.lastId });
    const { status } = await exchange(this.#server, `/send/me?${query}`, {
      method: 'POST',
      headers: { 'Content-Type': 'audio/pcm', 'Content-Length': `${seconds * 32_000}` },
      body: voiceUp(label, seconds * 1_000),
    });
    expect(status).toBe(200);
    const pieces: string[] = [];
    for (let ms = seconds * 1_000; ms > 0; ms -= PIECE_MS) {
      pieces.push(readLabel(voiceUp(label, Math.min(ms, PIECE_MS)).toString('base64')));
    }
    return pieces;
  }
}
