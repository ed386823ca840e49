import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** A connection's WebSocket and the stream below it. */
export interface ConnectionSocket {
  readonly webSocket: WebSocket;
  readonly stream: Duplex;
}

/**
 * Makes a WebSocket ignore all input, even a ping or a close frame, which ws would answer. The input is still read and discarded,
 * so that the end of the TCP connection is noticed.
 */
export function stopListening(stream: Duplex): void {
  stream.removeAllListeners('data');
  stream.resume();
}

/**
 * Limits the rate at which a WebSocket reads. After each chunk (at most 64 KiB) reading pauses for as long as the chunk takes at
 * that rate.
 */
export function readSlowly({ webSocket, stream }: ConnectionSocket, bytesPerSecond: number): void {
  let timer: NodeJS.Timeout | undefined;
  stream.on('data', (chunk: Buffer) => {
    webSocket.pause();
    clearTimeout(timer);
    timer = setTimeout(() => webSocket.resume(), (chunk.length / bytesPerSecond) * 1000);
  });
  webSocket.once('close', () => clearTimeout(timer));
}
