/**
 * A live model that answers with speech in pieces of 40 ms, as Gemini cuts it: as fast as it is taken, or, asked to, each piece by itself. Speaks
 * as much of BidiGenerateContent as that takes. Prints its port.
 */
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodeFrame } from '../src/emulator/gemini/frames.ts';
import { APART, PIECE_BYTES, PIECES } from './listening.ts';

/** Maximum number of unread bytes, less than the listener's buffers. The kernel's buffers come before it. */
const MAX_UNREAD_BYTES = 64 * 1024;
const PIECE = encodeFrame({
  serverContent: {
    modelTurn: { role: 'model', parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: speech() } }] },
  },
});
const TURN_COMPLETE = encodeFrame({ serverContent: { turnComplete: true } });
const SETUP_COMPLETE = encodeFrame({ setupComplete: {} });

/** Generates speech without repetition. */
function speech(): string {
  return Buffer.from(Array.from({ length: PIECE_BYTES }, (_, index) => (index * index) >> 3)).toString('base64');
}

function answer(socket: WebSocket, left: number): void {
  for (let pieces = left; pieces > 0; pieces -= 1) {
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) {
      socket.send(PIECE, () => answer(socket, pieces - 1));
      return;
    }
    socket.send(PIECE);
  }
  socket.send(TURN_COMPLETE);
}

/** Far enough apart that the listener sleeps in between. */
function answerApart(socket: WebSocket, left: number): void {
  if (left === 0) socket.send(TURN_COMPLETE);
  else socket.send(PIECE, () => setTimeout(() => answerApart(socket, left - 1), 1));
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  let ready = false;
  socket.on('message', (asked: Buffer) => {
    if (!ready) socket.send(SETUP_COMPLETE);
    else if (asked.includes(APART)) answerApart(socket, PIECES);
    else answer(socket, PIECES);
    ready = true;
  });
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
