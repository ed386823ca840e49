import type { Session } from '@google/genai';

/** Generates sound with the rhythm of speech: a voice of 150 Hz with overtones, in four syllables a second. */
export function speech(seconds: number, rate = 16_000, level = 0.2): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * rate) }, (_, index) => {
    const time = index / rate;
    const syllable = 0.6 - 0.4 * Math.cos(2 * Math.PI * 4 * time);
    const voice = [1, 2, 3, 5].reduce(
      (sum, overtone) => sum + Math.sin(2 * Math.PI * 150 * overtone * time) / overtone,
      0,
    );
    return 32_767 * level * syllable * voice * 0.6;
  });
}

/** A quiet room: noise of the given level, the same at every run. */
export function room(seconds: number, rate = 16_000, level = 0.001): Int16Array {
  let state = 1;
  return Int16Array.from({ length: Math.round(seconds * rate) }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return 32_767 * level * ((state / 2 ** 31) * 2 - 1);
  });
}

export function join(...parts: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return samples;
}

/** Sends PCM in frames of 100 ms, as fast as they go. */
export function say(session: Session, samples: Int16Array, rate = 16_000, mimeType = `audio/pcm;rate=${rate}`): void {
  const frame = rate / 10;
  for (let at = 0; at < samples.length; at += frame) {
    const piece = samples.slice(at, at + frame);
    session.sendRealtimeInput({ audio: { data: Buffer.from(piece.buffer).toString('base64'), mimeType } });
  }
}
