/**
 * A live model that speaks at the pace of speech, in pieces of 40 ms, and makes as many calls as the text asks for before it speaks: "50 calls". Audio of
 * the user interrupts it at once and takes back the calls. Speaks as much of BidiGenerateContent as that takes. Prints its port.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodeFrame } from '../src/emulator/gemini/frames.ts';
import { PIECE_BYTES } from './listening.ts';

/** Duration of a piece of speech, in ms. */
const PIECE_MS = 40;
/** Number of pieces of an answer: 30 s, which the listener interrupts. */
const PIECES = 750;
const PIECE = encodeFrame({
  serverContent: {
    modelTurn: {
      role: 'model',
      parts: [
        { inlineData: { mimeType: 'audio/pcm;rate=24000', data: Buffer.alloc(PIECE_BYTES, 7).toString('base64') } },
      ],
    },
  },
});
const SETUP_COMPLETE = encodeFrame({ setupComplete: {} });
const INTERRUPTED = encodeFrame({ serverContent: { interrupted: true } });
const TURN_COMPLETE = encodeFrame({ serverContent: { turnComplete: true } });

class Speaker {
  readonly #socket: WebSocket;
  #timer: NodeJS.Timeout | undefined;
  #calls: string[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Makes the calls, and speaks until the end of the answer or `interrupt`. Pieces are sent when they are due, however late a timer is. */
  answer(calls: number): void {
    this.#calls = Array.from({ length: calls }, () => randomUUID());
    if (calls > 0) {
      const functionCalls = this.#calls.map((id) => ({ id, name: 'work', args: {} }));
      this.#socket.send(encodeFrame({ toolCall: { functionCalls } }));
    }
    const begin = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      for (; sent < PIECES && sent * PIECE_MS <= performance.now() - begin; sent += 1) this.#socket.send(PIECE);
    }, 5);
  }

  interrupt(): void {
    if (!this.#timer) return;
    this.stop();
    if (this.#calls.length > 0) this.#socket.send(encodeFrame({ toolCallCancellation: { ids: this.#calls } }));
    this.#socket.send(INTERRUPTED);
    this.#socket.send(TURN_COMPLETE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  const speaker = new Speaker(socket);
  let isReady = false;
  socket.on('message', (data: Buffer) => {
    if (!isReady) socket.send(SETUP_COMPLETE);
    else if (data.includes('"audio"')) speaker.interrupt();
    else if (data.includes('"text"')) speaker.answer(Number(/(\d+) calls/.exec(data.toString())?.[1] ?? 0));
    isReady = true;
  });
  socket.on('close', () => speaker.stop());
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
