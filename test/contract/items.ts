import type { Item } from '../../src/client/index.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import type { ItemKind } from './history.ts';

/** Items that clients send. Each carries its number in its content, so that the number can be read wherever the item appears. */

/** Kinds of items that a client can be told to send. */
export type SentKind = 'text' | 'image' | 'interrupt' | 'bad' | 'close';

/** PCM16 at 16 kHz of one piece of audio: 20 ms. */
const PIECE_SAMPLES = 320;
export const PIECE_MS = 20;

export function makeItem(kind: SentKind, number: number): Exclude<Item, string> {
  switch (kind) {
    case 'text':
      return { mime_type: 'text/plain', data: `text ${number}` };
    case 'image':
      return { mime_type: 'image/png', data: btoa(`\x89PNG\r\n\x1a\nimage ${number}`) };
    case 'interrupt':
      return { interrupt: { played_ms: number } };
    case 'bad':
      return { mime_type: 'video/mp4', data: btoa(`video ${number}`) };
    case 'close':
      return { content: { parts: [{ text: `goodbye ${number}` }] }, close: true };
  }
}

export function toItemKind(kind: SentKind): ItemKind {
  if (kind === 'text' || kind === 'close') return 'text';
  return kind === 'bad' ? 'bad' : 'other';
}

/** A piece of audio: all its samples are its number. */
export function makeAudio(number: number): Uint8Array {
  return new Uint8Array(new Int16Array(PIECE_SAMPLES).fill(number).buffer);
}

/** The numbers in the body of a POST. */
export function itemsInBody(contentType: string, body: Uint8Array, items: unknown): number[] {
  if (contentType.startsWith('audio/')) return piecesIn(Buffer.from(body));
  return Array.isArray(items) ? items.flatMap(numbersIn) : [];
}

/** The numbers in what the run reads. */
export function itemsInRequest(request: LiveRequest): number[] {
  return numbersIn(request);
}

function numbersIn(item: unknown): number[] {
  const { blob, content, interrupt, data, mime_type } = item as LiveRequest & { data?: string; mime_type?: string };
  if (interrupt) return [interrupt.played_ms ?? 0];
  if (content) return [lastNumber(content.parts?.[0]?.text ?? '')];
  if (blob) return numbersIn({ mime_type: blob.mime_type, data: blob.data });
  if (mime_type?.startsWith('audio/')) return piecesIn(Buffer.from(data ?? '', 'base64'));
  if (mime_type === 'text/plain') return [lastNumber(data ?? '')];
  return mime_type === undefined ? [] : [lastNumber(atob(data ?? ''))];
}

function piecesIn(pcm: Buffer): number[] {
  const pieces: number[] = [];
  for (let at = 0; at + 1 < pcm.length; at += 2 * PIECE_SAMPLES) pieces.push(pcm.readInt16LE(at));
  return pieces;
}

function lastNumber(text: string): number {
  return Number(/\d+$/.exec(text)?.[0] ?? Number.NaN);
}
