import { floatToPcm16, pcm16ToBytes, pcm16ToFloat } from '../../audio/pcm.ts';
import { createResampler } from '../../audio/resampler.ts';
import { HEARING_RATE } from '../hearing.ts';
import type { TimedFrame } from '../paced-sender.ts';
import { composeSpeech, type SpokenPiece } from '../speech.ts';
import { SPEECH_RATE, type SpeechClips } from '../speech-clips.ts';
import { encodeFrame } from './frames.ts';

/** Number of samples in a piece of speech: 40 ms, as in Gemini's own frames. */
const PIECE_SAMPLES = (SPEECH_RATE * 40) / 1000;
const SAMPLES_PER_MS = SPEECH_RATE / 1000;
/**
 * Number of times that speech is sent faster than it plays. Two reports allow an estimate: 15.6 s of speech arrived within 8.1 s, and the last piece
 * of a story more than 20 s before its end.
 * @see torkiv-labs/txtCaster#209 (measured), livekit/agents#5821, livekit/agents#6421
 */
const SPEECH_SPEED = 2;
/** Maximum duration of the user's speech that is played back, in seconds. The rest is left out. */
const MAX_PLAYBACK_SECONDS = 10;
const WORDS_PER_PIECE = 3;
/** Time between the words of a written answer, in ms: about that of a fast model, and slow enough to interrupt. */
const WORD_MS = 60;
/** Additional time after a punctuation mark, in ms. */
const CLAUSE_MS = 90;

/** Generates the frames of an answer in TEXT: pieces of a few words, then generationComplete. */
export function* generateTextAnswer(text: string): Generator<TimedFrame> {
  let atMs = 0;
  for (const piece of splitIntoWordGroups(text)) {
    const frame = encodeFrame({ serverContent: { modelTurn: { role: 'model', parts: [{ text: piece }] } } });
    yield { atMs, frame, isPiece: true, said: piece };
    atMs += countWords(piece) * WORD_MS + (piece.match(/[.,;:!?](?=\s|$)/g)?.length ?? 0) * CLAUSE_MS;
  }
  yield { atMs, frame: encodeFrame({ serverContent: { generationComplete: true } }) };
}

export interface SpokenAnswer {
  readonly text: string;
  /** The user's speech, mono PCM16 at HEARING_RATE. Played back after the text. */
  readonly playback?: Int16Array | undefined;
  readonly transcribe: boolean;
  readonly mimeType: string;
}

/**
 * Generates the frames of an answer in AUDIO: pieces of 40 ms, with fragments of the transcript before the sound of their words, faster than they
 * play; then generationComplete; then a pause until a client that plays from the first piece on has played the last one.
 * @see LiveServerContent in @google/genai: "when the model assumes realtime playback there will be delay between
 * generation_complete and turn_complete"
 */
export function* generateSpokenAnswer(answer: SpokenAnswer, clips: SpeechClips): Generator<TimedFrame> {
  const piece = new Int16Array(PIECE_SAMPLES);
  let filled = 0;
  let sent = 0;
  const place = () => ({ atMs: sent / SAMPLES_PER_MS / SPEECH_SPEED, speechMs: sent / SAMPLES_PER_MS });
  for (const { samples, words } of renderAnswer(answer, clips)) {
    if (words) {
      const frame = answer.transcribe
        ? encodeFrame({ serverContent: { outputTranscription: { text: words } } })
        : undefined;
      yield { ...place(), said: words, ...(frame ? { frame } : {}) };
    }
    for (let at = 0; at < samples.length; ) {
      const taken = samples.subarray(at, at + PIECE_SAMPLES - filled);
      piece.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < PIECE_SAMPLES) continue;
      yield { ...place(), frame: encodeAudioFrame(piece, answer.mimeType), isPiece: true };
      sent += PIECE_SAMPLES;
      filled = 0;
    }
  }
  if (filled > 0)
    yield { ...place(), frame: encodeAudioFrame(piece.subarray(0, filled), answer.mimeType), isPiece: true };
  yield { ...place(), frame: encodeFrame({ serverContent: { generationComplete: true } }) };
  yield { atMs: (sent + filled) / SAMPLES_PER_MS };
}

interface Sound {
  readonly samples: Int16Array;
  /** Words whose sound begins here. */
  readonly words?: string;
}

function* renderAnswer({ text, playback }: SpokenAnswer, clips: SpeechClips): Generator<Sound> {
  for (const piece of composeSpeech(text, clips)) yield* renderPiece(piece, clips);
  if (playback) yield* renderPlayback(playback);
}

/** Renders a piece. The words of a long clip are placed a few at a time, on the assumption that all letters take equally long. */
function* renderPiece(piece: SpokenPiece, clips: SpeechClips): Generator<Sound> {
  const samples = new Int16Array(countSamples(piece, clips));
  let length = 0;
  for (const name of piece.clips) {
    const clip = clips.samples(name);
    samples.set(clip, length);
    length += clip.length;
  }
  let letters = 0;
  let start = 0;
  for (const words of splitIntoWordGroups(piece.text)) {
    letters += words.length;
    const end = letters === piece.text.length ? samples.length : Math.floor((length * letters) / piece.text.length);
    yield { samples: samples.subarray(start, end), words };
    start = end;
  }
}

function countSamples(piece: SpokenPiece, clips: SpeechClips): number {
  return piece.clips.reduce((sum, name) => sum + clips.samples(name).length, piece.pause);
}

function* renderPlayback(heard: Int16Array): Generator<Sound> {
  const resampler = createResampler(HEARING_RATE, SPEECH_RATE);
  const block = HEARING_RATE / 10;
  const end = Math.min(heard.length, MAX_PLAYBACK_SECONDS * HEARING_RATE);
  for (let at = 0; at < end; at += block) {
    const samples = pcm16ToFloat(heard.subarray(at, Math.min(end, at + block)));
    yield { samples: floatToPcm16(resampler.process(samples)) };
  }
  yield { samples: floatToPcm16(resampler.flush()) };
}

function encodeAudioFrame(samples: Int16Array, mimeType: string): Buffer {
  const data = Buffer.from(pcm16ToBytes(samples).buffer).toString('base64');
  return encodeFrame({ serverContent: { modelTurn: { role: 'model', parts: [{ inlineData: { mimeType, data } }] } } });
}

/** Splits a text before every third word. The joined groups are the text. */
function splitIntoWordGroups(text: string): string[] {
  const words = text.match(/\s*\S+(?:\s+$)?/g) ?? (text === '' ? [] : [text]);
  const pieces: string[] = [];
  for (let at = 0; at < words.length; at += WORDS_PER_PIECE)
    pieces.push(words.slice(at, at + WORDS_PER_PIECE).join(''));
  return pieces;
}

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
