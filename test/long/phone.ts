import { expect } from '@jest/globals';
import { type Answer, exchange, post } from '../http/requests.ts';
import type { TestServer } from '../http/test-server.ts';
import { labelOf, voiceUp } from './labelled-voice.ts';
import { type HeardTurn, TurnReader } from './turn-reader.ts';

/** The name that it gives itself. */
export const PHONE = 'phone';
/** It acknowledges so many pieces of audio at once: it is never sent more than 15 that it has not acknowledged. */
const ACK_PIECES = 8;
/** What a microphone gives at once, and how many of these make a POST. */
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

  /** One POST; the next in the order, unless it is said which. */
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
        lines.push(labelOf(data));
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

  /** The same as a recording: a body that is nothing but sound. */
  async record(label: string, seconds: number): Promise<string[]> {
    const query = new URLSearchParams({ client: PHONE, cseq: `${this.cseq++}`, ack: this.lastId });
    const { status } = await exchange(this.#server, `/send/me?${query}`, {
      method: 'POST',
      headers: { 'Content-Type': 'audio/pcm', 'Content-Length': `${seconds * 32_000}` },
      body: voiceUp(label, seconds * 1_000),
    });
    expect(status).toBe(200);
    return Array(seconds).fill(labelOf(voiceUp(label, 1_000).toString('base64')));
  }
}
