import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { LiveSession } from '../session/live-session.ts';
import { decodeSend } from '../wire/decode-send.ts';
import { onlyAcknowledges, readEnvelope } from '../wire/envelope.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { decodeRaw, parseJson, ROOM_CHECK_MS } from './send-route.ts';

export interface SocketUplinkOptions {
  readonly session: LiveSession;
  /** As in the query: the only one that may number here. */
  readonly client: string;
  /** The server finishes what it was asked before, and takes no more. */
  readonly draining: () => boolean;
  /** Told of errors that are no client's fault. */
  readonly onBug: (error: unknown) => void;
}

/** Bytes that wait for the client to take them; over it no more is read from it: answers are among them. */
const MAX_WAITING = 256 * 1024;

/**
 * Takes what comes up a WebSocket: a text frame is what a JSON body of `POST /send` is, a binary one a piece of 16 kHz PCM. What is wrong
 * with a frame is answered, and the next one is taken.
 */
export function receiveFrames(socket: WebSocket, options: SocketUplinkOptions, answer: (data: object) => void): void {
  let resting = false;
  socket.on('message', (data, isBinary) => {
    const answered = takeFrame(data as Buffer, isBinary, options); // as `ws` gives it unless told otherwise
    if (answered) answer(answered);
    if (!resting && mustRest()) void rest();
  });

  function mustRest(): boolean {
    const { session } = options;
    if (socket.readyState !== WebSocket.OPEN) return false;
    return (session.congested && !session.over) || socket.bufferedAmount > MAX_WAITING;
  }

  /** The client has to wait, as one that sends an endless body has: TCP tells it. */
  async function rest(): Promise<void> {
    resting = true;
    socket.pause();
    while (mustRest()) await delay(ROOM_CHECK_MS);
    resting = false;
    socket.resume();
  }
}

/** @returns the answer; nothing to a bare item that is fine */
function takeFrame(frame: Buffer, isBinary: boolean, options: SocketUplinkOptions): object | undefined {
  let json: unknown;
  try {
    if (isBinary) {
      if (options.draining()) throw new WireError('draining');
      options.session.send(decodeRaw(frame, 'audio/pcm', 'audio/pcm'));
      return undefined;
    }
    if (frame.length === 0) throw new WireError('empty_body');
    json = parseJson(frame);
    return takeJson(json, options);
  } catch (error) {
    if (!(error instanceof WireError)) options.onBug(error);
    const wireError = error instanceof WireError ? error : new WireError('internal');
    return { cseq: numberIn(json), ...wireError.body() };
  }
}

function takeJson(json: unknown, { session, client, draining }: SocketUplinkOptions): object | undefined {
  const enveloped = readEnvelope(json);
  // Acknowledgements are taken to the end: a reply that waits for them could not be finished.
  if (draining() && !(enveloped && onlyAcknowledges(enveloped))) throw new WireError('draining');
  if (!enveloped) {
    session.send(decodeSend(json));
    return undefined;
  }
  const { envelope, items } = enveloped;
  if (envelope.client !== client) throw new WireError('malformed_envelope', 'client must be the one of the query');
  const answer = session.post(envelope, () => decodeSend(items));
  return { cseq: envelope.cseq, ...answer };
}

/** The number of a frame that was refused, if it can be told. */
function numberIn(json: unknown): number | undefined {
  if (typeof json !== 'object' || json === null || !('cseq' in json)) return undefined;
  const { cseq } = json;
  return typeof cseq === 'number' && Number.isSafeInteger(cseq) && cseq >= 1 ? cseq : undefined;
}
