import { setTimeout as delay } from 'node:timers/promises';
import type { ModelConnection } from '../../models/realtime-model.ts';
import type { Content } from '../../wire/agent-event.ts';
import type { Blob, LiveRequest } from '../../wire/live-request.ts';
import type { EventBody } from './event-factory.ts';

/** Number of bytes in the upstream socket at which the input pump pauses. The request queue fills meanwhile. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const DRAIN_CHECK_MS = 20;
/** How long the provider may read nothing before the connection is closed, in ms. */
const STUCK_MS = 10_000;

/** Whether so many bytes wait in the upstream socket that further input must wait. */
export function isBackpressured({ bufferedBytes }: ModelConnection): boolean {
  return bufferedBytes > MAX_BUFFERED_BYTES;
}

/** Waits until a connection accepts more input or is closed. Closes a connection whose provider reads nothing for 10 s. */
export async function waitForDrain(connection: ModelConnection): Promise<void> {
  let least = connection.bufferedBytes;
  let since = performance.now();
  while (connection.open && isBackpressured(connection)) {
    await delay(DRAIN_CHECK_MS);
    if (connection.bufferedBytes < least) {
      least = connection.bufferedBytes;
      since = performance.now();
    } else if (performance.now() - since > STUCK_MS) {
      connection.close();
    }
  }
}

/** The reply that the user hears, for a model that can truncate it. */
export interface AudibleReply {
  /** Id of the item whose audio came last. `undefined` if the provider has no such ids. */
  readonly itemId: string | undefined;
}

/**
 * Sends a request to the model, its fields in the order that ADK defines.
 * @param audible the reply that an interruption truncates. Default: the model cannot truncate
 */
export function sendRequest(connection: ModelConnection, request: LiveRequest, audible?: AudibleReply): void {
  if (request.activity_start) connection.send({ type: 'activity_start' });
  if (request.activity_end) connection.send({ type: 'activity_end' });
  if (request.audio_stream_end) connection.send({ type: 'audio_end' });
  if (request.interrupt) sendInterrupt(connection, request.interrupt.played_ms, audible);
  const { blob } = request;
  if (blob) connection.send({ type: isFrame(blob) ? 'image' : 'audio', mimeType: blob.mime_type, data: blob.data });
  if (request.respond) connection.send({ type: 'text_end' });
  if (request.content) sendContent(connection, request.content, request.partial === true);
}

/** Stops the reply. Before that, tells the model how much of the reply the user heard. */
function sendInterrupt(connection: ModelConnection, playedMs: number | undefined, audible?: AudibleReply): void {
  if (playedMs !== undefined && audible) {
    const { itemId } = audible;
    connection.send({ type: 'truncate', playedMs, ...(itemId === undefined ? {} : { itemId }) });
  }
  connection.send({ type: 'cancel' });
}

function sendContent(connection: ModelConnection, { parts = [] }: Content, isPartial: boolean): void {
  const text = parts.map((part) => part.text ?? '').join('');
  if (!text) return;
  const images = parts.flatMap(({ inlineData }) => inlineData ?? []);
  connection.send({ type: isPartial ? 'partial_text' : 'text', text, images });
}

/** Whether a blob is a single frame of what the user shows. Everything else is audio. */
export function isFrame({ mime_type }: Blob): boolean {
  return !mime_type.startsWith('audio/');
}

/** Returns a message without its images. The conversation does not store them: one image would be as large as a hundred conversations. */
function omitImages({ role, parts = [] }: Content): Content {
  return { ...(role === undefined ? {} : { role }), parts: parts.filter(({ inlineData }) => !inlineData) };
}

/** Creates the event of a typed message, which keeps the number of its pictures. @param pictures 0 for none */
export function createTypedEvent(content: Content, pictures: number): EventBody {
  return { author: 'user', content: omitImages(content), ...(pictures > 0 ? { pictures } : {}) };
}
