import { formatCursor, parseCursor } from '../wire/cursor.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { QueuedInput } from './backlog.ts';
import { encodeBase64 } from './base64.ts';

/** Content of a POST. It stays the same for every attempt and every way up. */
export interface Post {
  readonly client: string;
  /** Number of the POST. `undefined`: the POST only acknowledges. */
  readonly cseq: number | undefined;
  /** Id of the last event that was processed when the POST was made. */
  readonly ack: string;
  readonly payload: readonly QueuedInput[];
}

/**
 * Id that a POST acknowledges. It names the log that the number of the POST belongs to, and so must not be of another log.
 * @param id id of the last event that was processed
 */
export function createAck(id: string | undefined, epoch: string): string {
  return id !== undefined && parseCursor(id)?.epoch === epoch ? id : formatCursor(epoch, 0);
}

/** Upper estimate of the size of a payload in a JSON body, in bytes. */
export function byteSize(payload: readonly QueuedInput[]): number {
  return payload.reduce((sum, { size }) => sum + size, 0);
}

/** Encodes a POST as JSON. Adjacent audio becomes one item, which costs the server less. */
export function encodeEnvelope({ client, cseq, ack, payload }: Post): string {
  if (cseq === undefined) return JSON.stringify({ client, ack });
  const items = listItems(payload, (pieces) => createAudioItem(joinAudio(pieces)));
  return JSON.stringify({ client, cseq, ack, items });
}

/** Lists the items of a payload. @param createAudio makes one item of adjacent audio */
export function listItems(
  payload: readonly QueuedInput[],
  createAudio: (pieces: readonly Uint8Array[]) => object,
): object[] {
  const items: object[] = [];
  let pieces: Uint8Array[] = [];
  const endAudio = () => {
    if (pieces.length > 0) items.push(createAudio(pieces));
    pieces = [];
  };
  for (const input of payload) {
    if ('pcm' in input) pieces.push(input.pcm);
    else {
      endAudio();
      items.push(input.item);
    }
  }
  endAudio();
  return items;
}

/** PCM of a payload that holds only audio; `undefined` for any other payload. */
export function extractPcm(payload: readonly QueuedInput[]): Uint8Array<ArrayBuffer> | undefined {
  const pieces = payload.flatMap((input) => ('pcm' in input ? [input.pcm] : []));
  return pieces.length > 0 && pieces.length === payload.length ? joinAudio(pieces) : undefined;
}

function createAudioItem(pcm: Uint8Array): LiveRequest {
  return { blob: { mime_type: 'audio/pcm;rate=16000', data: encodeBase64(pcm) } };
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
