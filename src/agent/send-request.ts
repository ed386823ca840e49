import { setTimeout as delay } from 'node:timers/promises';
import type { RealtimeConnection } from '../models/realtime-model.ts';
import type { Content, FunctionResponse } from '../wire/agent-event.ts';
import type { Blob, LiveRequest } from '../wire/live-request.ts';

/** Bytes that may wait in the upstream socket before the send loop pauses; the request queue fills meanwhile. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const BUFFER_CHECK_MS = 20;
/** How long the socket may take nothing at all, ms. */
const STUCK_MS = 10_000;

/** So much waits to be sent that more must wait, too. */
export function isFull({ bufferedBytes }: RealtimeConnection): boolean {
  return bufferedBytes > MAX_BUFFERED_BYTES;
}

/** Waits for a peer that does not take what is sent. One that takes nothing for long is given up: the connection is closed. */
export async function untilItTakes(connection: RealtimeConnection): Promise<void> {
  let least = connection.bufferedBytes;
  let since = performance.now();
  while (connection.open && isFull(connection)) {
    await delay(BUFFER_CHECK_MS);
    if (connection.bufferedBytes < least) {
      least = connection.bufferedBytes;
      since = performance.now();
    } else if (performance.now() - since > STUCK_MS) {
      connection.close();
    }
  }
}

/** Passes on what the user sends, in the order that ADK has for the fields of one request. */
export function sendRequest(connection: RealtimeConnection, request: LiveRequest): void {
  if (request.activity_start) connection.activityStart();
  if (request.activity_end) connection.activityEnd();
  if (request.audio_stream_end) connection.audioStreamEnd();
  if (request.interrupt) connection.cancelResponse();
  if (request.blob && !isFrame(request.blob)) connection.sendAudio(request.blob);
  else if (request.blob) connection.sendImage(request.blob);
  const { parts = [] } = request.content ?? {};
  const text = parts.map((part) => part.text ?? '').join('');
  if (!text) return;
  const images = parts.flatMap(({ inlineData }) => inlineData ?? []);
  if (request.partial) connection.sendPartialText(text, images);
  else connection.sendText(text, images);
}

/** A picture by itself: of what the user shows, as it changes. */
export function isFrame({ mime_type }: Blob): boolean {
  return !mime_type.startsWith('audio/');
}

/** Pictures are not kept: one would be as large as a hundred conversations. */
export function withoutImages({ role, parts = [] }: Content): Content {
  return { ...(role === undefined ? {} : { role }), parts: parts.filter(({ inlineData }) => !inlineData) };
}

/** A connection that never heard of the call is told in words what came of it. */
export function sendResult(connection: RealtimeConnection, result: FunctionResponse, known: boolean): void {
  if (known) connection.sendToolResults([result]);
  else connection.sendText(`(${result.name}, called before, returned ${JSON.stringify(result.response)})`);
}
