import { writeFile } from 'node:fs/promises';
import { pcm16ToBytes } from '../../src/audio/pcm.ts';
import { loadSpeechClips, SPEECH_RATE } from '../../src/emulator/speech-clips.ts';

/** Writes a WAV file for Chromium's fake microphone: silence, the words (clips of the emulator's voice), silence. */
export async function writeSpeech(
  path: string,
  words: string,
  { beforeS, afterS }: { beforeS: number; afterS: number },
): Promise<void> {
  const clip = loadSpeechClips().samples(words);
  if (clip.length === 0) throw new Error(`there is no clip of "${words}"`);
  const samples = new Int16Array(Math.round(SPEECH_RATE * (beforeS + afterS)) + clip.length);
  samples.set(clip, Math.round(SPEECH_RATE * beforeS));
  await writeSamples(path, samples);
}

/** A microphone in a quiet room: Chromium's own beeps each second. */
export function writeSilence(path: string, seconds: number): Promise<void> {
  return writeSamples(path, new Int16Array(SPEECH_RATE * seconds));
}

function writeSamples(path: string, samples: Int16Array): Promise<void> {
  return writeFile(path, Buffer.concat([wavHeader(samples.length), pcm16ToBytes(samples)]));
}

/** http://soundfile.sapp.org/doc/WaveFormat/ */
function wavHeader(samples: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SPEECH_RATE, 24);
  header.writeUInt32LE(SPEECH_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  return header;
}
