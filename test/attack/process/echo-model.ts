/**
 * A live model for an attacked server, in a process of its own: an honest conversation gets its numbered audio and texts back, and anybody can
 * order hostile frames. Speaks the part of BidiGenerateContent that this needs. Prints its port.
 *
 * Texts that it obeys: `hello` makes it return audio, `say <number>` is answered with the word `w<number>`, `call <tool>` calls a tool,
 * `hostile <name>` sends the frames of that name in `hostile-frames.ts`. Every other input is dropped.
 */
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type BlockReader, createBlockReader, encodeBlock, HEARD_HZ, SPOKEN_HZ } from '../../gauntlet/numbers.ts';
import { hostileFrames } from './hostile-frames.ts';

/** Number of returned blocks after which a turn is complete: 2 s of speech. */
const TURN_BLOCKS = 20;
/** Maximum number of bytes that wait for the server before hostile frames wait too. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const WAIT_MS = 20;

/** The fields of a client message that the model reads. */
interface ClientMessage {
  readonly realtimeInput?: { readonly audio?: { readonly data?: string }; readonly text?: string };
  readonly clientContent?: { readonly turns?: readonly { readonly parts?: readonly { readonly text?: string }[] }[] };
}

/** One connection of the server. */
class ModelSession {
  readonly #socket: WebSocket;
  #reader: BlockReader | undefined;
  #ready = false;
  #blocks = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => this.#receive(data));
  }

  #receive(data: Buffer): void {
    if (!this.#ready) {
      this.#ready = true;
      this.#socket.send('{"setupComplete":{}}');
      return;
    }
    // Most input of an attack is audio that nobody wants back: do not parse it.
    if (!this.#reader && data.includes('"realtimeInput":{"audio"')) return;
    const { realtimeInput, clientContent }: ClientMessage = JSON.parse(data.toString());
    if (realtimeInput?.audio?.data && this.#reader) this.#returnAudio(this.#reader, realtimeInput.audio.data);
    if (realtimeInput?.text) this.#obey(realtimeInput.text);
    for (const { parts = [] } of clientContent?.turns ?? []) {
      for (const { text } of parts) if (text) this.#obey(text);
    }
  }

  #returnAudio(reader: BlockReader, data: string): void {
    for (const block of reader.feed(Buffer.from(data, 'base64'))) {
      const pcm = encodeBlock(block, SPOKEN_HZ).toString('base64');
      this.#say({ modelTurn: { parts: [{ inlineData: { mimeType: `audio/pcm;rate=${SPOKEN_HZ}`, data: pcm } }] } });
      this.#blocks += 1;
      if (this.#blocks % TURN_BLOCKS === 0) this.#endTurn();
    }
  }

  #obey(text: string): void {
    const [order, name = ''] = text.split(' ');
    if (order === 'hello') {
      this.#reader = createBlockReader(HEARD_HZ);
      this.#endTurn();
    } else if (order === 'say') {
      this.#say({ outputTranscription: { text: `w${name} ` } });
      if (this.#blocks === 0) this.#endTurn();
    } else if (order === 'call') {
      const { length } = text.split(' ');
      const functionCalls = Array.from({ length: length - 1 }, (_, index) => ({
        id: `call-${Math.random()}`,
        name: text.split(' ')[index + 1] ?? '',
        args: {},
      }));
      this.#send(JSON.stringify({ toolCall: { functionCalls } }));
    } else if (order === 'hostile') void this.#attack(name);
  }

  async #attack(name: string): Promise<void> {
    for (const frame of hostileFrames[name]?.() ?? []) {
      while (this.#socket.bufferedAmount > MAX_WAITING_BYTES)
        await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      if (typeof frame === 'string' || Buffer.isBuffer(frame)) this.#send(frame);
      else this.#socket.close(frame.code, frame.reason);
    }
  }

  #say(serverContent: object): void {
    this.#send(JSON.stringify({ serverContent }));
  }

  #endTurn(): void {
    this.#say({ generationComplete: true });
    this.#say({ turnComplete: true });
  }

  #send(frame: string | Buffer): void {
    this.#socket.send(frame);
  }
}

process.on('disconnect', () => process.exit(0));
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => new ModelSession(socket));
server.on('listening', () => process.send?.((server.address() as AddressInfo).port)); // a listening TCP server has an AddressInfo
