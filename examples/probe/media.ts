import { setTimeout as sleep } from 'node:timers/promises';
import { loadSpeechClips, SPEECH_RATE } from 'bidi-sse/emulator';
import type { LiveSession } from './live-session.ts';

/** A red PNG of 256 × 256 pixels, in base64. */
export const RED_PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAQAAAAEAAQMAAABmvDolAAAABlBMVEX/AAAAAP9sof2OAAAAH0lEQVR42u3BAQ0AAADCoPdPbQ43oAAAAAAAAAAAvg0hAAABYOSdlwAAAABJRU5ErkJggg==';

/** Duration of a message with audio, in ms. Messages are sent at this interval, as a microphone would. */
const MESSAGE_MS = 100;
const MESSAGE_SAMPLES = (SPEECH_RATE * MESSAGE_MS) / 1_000;
/** Maximum duration of the silence, in ms. */
const SILENCE_LIMIT_MS = 10_000;

/** Says "what time is it", and stops without silence after the words. */
export async function sendRecording(session: LiveSession): Promise<void> {
  const words = trimEnd(loadSpeechClips().samples('what time is it'));
  await sendAudio(session, new Int16Array(MESSAGE_SAMPLES * 3));
  await sendAudio(session, words);
}

/** Sends silence until the signal is aborted, for 10 s at most. */
export async function sendSilence(session: LiveSession, signal: AbortSignal): Promise<void> {
  for (let ms = 0; ms < SILENCE_LIMIT_MS && !signal.aborted; ms += MESSAGE_MS)
    await sendAudio(session, new Int16Array(MESSAGE_SAMPLES));
}

async function sendAudio(session: LiveSession, samples: Int16Array): Promise<void> {
  for (let at = 0; at < samples.length; at += MESSAGE_SAMPLES) {
    const data = Buffer.from(samples.slice(at, at + MESSAGE_SAMPLES).buffer).toString('base64');
    session.send((live) => live.sendRealtimeInput({ audio: { data, mimeType: `audio/pcm;rate=${SPEECH_RATE}` } }));
    await sleep(MESSAGE_MS);
  }
}

/** Removes the quiet samples at the end. */
function trimEnd(samples: Int16Array): Int16Array {
  return samples.subarray(0, samples.findLastIndex((sample) => Math.abs(sample) > 300) + 1);
}
