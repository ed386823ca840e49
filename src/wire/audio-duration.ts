import type { AgentEvent, InlineData } from './agent-event.ts';
import { base64ByteLength } from './base64.ts';
import type { SizedRequest } from './byte-size.ts';

/** Sample rate of audio whose mime type names none, in Hz: the rate of live models. */
const DEFAULT_OUTPUT_RATE = 24_000;

/** Duration of all audio in an event, in ms. */
export function audioMs(event: AgentEvent | undefined): number {
  let ms = 0;
  for (const { inlineData } of event?.content?.parts ?? []) if (inlineData) ms += soundMs(inlineData);
  return ms;
}

/** Mime type of the speech that was measured last, and its sample rate in Hz: a model sends the same one with every piece. */
let lastSpeechType = '';
let lastSpeechRate = 0;

/** Duration of 16-bit mono PCM in base64, in ms; 0 for a picture. */
export function soundMs({ mimeType, data }: InlineData): number {
  if (!mimeType.startsWith('audio/')) return 0;
  if (mimeType !== lastSpeechType) {
    lastSpeechType = mimeType;
    lastSpeechRate = Number(/rate=(\d+)/.exec(mimeType)?.[1]) || DEFAULT_OUTPUT_RATE;
  }
  return (base64ByteLength(data) / 2 / lastSpeechRate) * 1000;
}

/** Beginning of the mime type of all audio that was decoded from a client. */
const INPUT_AUDIO = 'audio/pcm;rate=';
/** Mime type of the audio that was measured last, and its sample rate in Hz: a client sends the same one with every chunk. */
let lastMimeType = '';
let lastRate = 0;

/** Duration of all audio in decoded requests of a client, in ms. */
export function inputAudioMs(requests: readonly SizedRequest[]): number {
  let ms = 0;
  for (const { request } of requests) {
    const { blob } = request;
    if (!blob?.mime_type.startsWith(INPUT_AUDIO)) continue;
    if (blob.mime_type !== lastMimeType) {
      lastMimeType = blob.mime_type;
      lastRate = Number(lastMimeType.slice(INPUT_AUDIO.length));
    }
    ms += (base64ByteLength(blob.data) / 2 / lastRate) * 1000;
  }
  return ms;
}
