import { IncomingMessage } from 'node:http';
import { stopReading } from './read-turns.ts';

/** Bounds of the time for which a connection that sent too much is not read, in ms. It is random, so that they are not all read again at once. */
const MIN_HELD_MS = 1_000;
const MAX_HELD_MS = 1_500;

/**
 * Stops reading the connection of a request for a second or more, because its address has sent too many. A refusal is cheap, but 2,000 connections that
 * repeat their requests at once would fill each turn of the event loop. Requests of the connection that have been read wait too.
 */
export function holdBack(req: IncomingMessage): void {
  // The connection of HTTP/2, which an app may serve through Node's compatibility API, is not ours to pause.
  if (!(req instanceof IncomingMessage)) return;
  const { socket } = req;
  // Node resumes the connection at the end of the message, which may be being parsed now.
  process.nextTick(() => stopReading(req));
  setTimeout(() => socket.resume(), MIN_HELD_MS + Math.random() * (MAX_HELD_MS - MIN_HELD_MS)).unref();
}
