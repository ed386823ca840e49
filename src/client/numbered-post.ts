import type { LiveRequest } from '../wire/live-request.ts';
import type { Waiting } from './backlog.ts';

/** A POST: the same however often it has to go out, and whichever way it goes. */
export interface Post {
  readonly client: string;
  /** Absent: only an acknowledgement. */
  readonly cseq: number | undefined;
  /** The id of the last event that was processed when it was made. */
  readonly ack: string;
  readonly payload: readonly Waiting[];
}

/** Bytes in a body of JSON, at most about. */
export function sizeOf(payload: readonly Waiting[]): number {
  return payload.reduce((sum, { size }) => sum + size, 0);
}

/** The JSON of a POST. Neighbouring audio becomes one item: the server has less to do. */
export function encodeEnvelope({ client, cseq, ack, payload }: Post): string {
  if (cseq === undefined) return JSON.stringify({ client, ack });
  const items: object[] = [];
  let pieces: Uint8Array[] = [];
  const endAudio = () => {
    if (pieces.length > 0) items.push(audioItem(joinAudio(pieces)));
    pieces = [];
  };
  for (const one of payload) {
    if ('pcm' in one) pieces.push(one.pcm);
    else {
      endAudio();
      items.push(one.item);
    }
  }
  endAudio();
  return JSON.stringify({ client, cseq, ack, items });
}

/** The PCM of a payload that is nothing but audio. */
export function pcmOf(payload: readonly Waiting[]): Uint8Array<ArrayBuffer> | undefined {
  const pieces = payload.flatMap((one) => ('pcm' in one ? [one.pcm] : []));
  return pieces.length > 0 && pieces.length === payload.length ? joinAudio(pieces) : undefined;
}

/** Base64 without what only Node or only a browser has. */
function audioItem(pcm: Uint8Array): LiveRequest {
  let binary = '';
  // In pieces: arguments are limited.
  for (let at = 0; at < pcm.length; at += 8_192) binary += String.fromCharCode(...pcm.subarray(at, at + 8_192));
  return { blob: { mime_type: 'audio/pcm;rate=16000', data: btoa(binary) } };
}

function joinAudio(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
