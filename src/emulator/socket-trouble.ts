import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** Where frames go: the WebSocket, and the stream below it. */
export interface ConnectionSocket {
  readonly webSocket: WebSocket;
  readonly stream: Duplex;
}

/**
 * Has a WebSocket hear nothing any more, not even a ping or a close frame, which ws would answer. What comes is thrown away, so
 * that the end of the TCP connection is still noticed.
 */
export function stopListening(stream: Duplex): void {
  stream.removeAllListeners('data');
  stream.resume();
}

/** Has a WebSocket read at most so many bytes per second: after each chunk (64 KiB at most) it pauses for as long as that takes. */
export function readSlowly({ webSocket, stream }: ConnectionSocket, bytesPerSecond: number): void {
  let timer: NodeJS.Timeout | undefined;
  stream.on('data', (chunk: Buffer) => {
    webSocket.pause();
    clearTimeout(timer);
    timer = setTimeout(() => webSocket.resume(), (chunk.length / bytesPerSecond) * 1000);
  });
  webSocket.once('close', () => clearTimeout(timer));
}
