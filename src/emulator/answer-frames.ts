import { floatToPcm16, pcm16ToBytes, pcm16ToFloat } from '../audio/pcm.ts';
import { createResampler } from '../audio/resampler.ts';
import { encodeFrame } from './gemini-frames.ts';
import { HEARING_RATE } from './hearing.ts';
import type { TimedFrame } from './paced-sender.ts';
import { composeSpeech, type SpokenPiece } from './speech.ts';
import { SPEECH_RATE, type SpeechClips } from './speech-clips.ts';

/** 40 ms, the size of Gemini's own pieces. */
const PIECE_SAMPLES = (SPEECH_RATE * 40) / 1000;
const SAMPLES_PER_MS = SPEECH_RATE / 1000;
/** What is played back of what was heard, s; the rest is left out. */
const MAX_PLAYBACK_SECONDS = 10;
const WORDS_PER_PIECE = 3;
/** Between the words of a written answer: about what a fast model gives, and slow enough to be interrupted. */
const WORD_MS = 60;
const CLAUSE_MS = 90;

/** An answer in TEXT: a few words a piece, then generationComplete. */
export function* answerInText(text: string): Generator<TimedFrame> {
  let atMs = 0;
  for (const piece of fewWords(text)) {
    const frame = encodeFrame({ serverContent: { modelTurn: { role: 'model', parts: [{ text: piece }] } } });
    yield { atMs, frame, isPiece: true, said: piece };
    atMs += countWords(piece) * WORD_MS + (piece.match(/[.,;:!?](?=\s|$)/g)?.length ?? 0) * CLAUSE_MS;
  }
  yield { atMs, frame: encodeFrame({ serverContent: { generationComplete: true } }) };
}

export interface SpokenAnswer {
  readonly text: string;
  /** What the user was heard to say, mono PCM16 at HEARING_RATE, played back after the text. */
  readonly playback?: Int16Array | undefined;
  readonly transcribe: boolean;
  readonly mimeType: string;
  /** The sender's head start: playback on the other side is assumed to end that much after the last frame was sent. */
  readonly headStartMs: number;
}

/**
 * An answer in AUDIO: pieces of 40 ms, with the transcript's fragments before the sound of their words, then
 * generationComplete, then a pause until the listener has heard it all ("when the model assumes realtime playback there will
 * be delay between generation_complete and turn_complete", @google/genai, LiveServerContent).
 */
export function* answerInSpeech(answer: SpokenAnswer, clips: SpeechClips): Generator<TimedFrame> {
  const piece = new Int16Array(PIECE_SAMPLES);
  let filled = 0;
  let sent = 0;
  for (const { samples, words } of speak(answer, clips)) {
    if (words) {
      const frame = answer.transcribe
        ? encodeFrame({ serverContent: { outputTranscription: { text: words } } })
        : undefined;
      yield { atMs: sent / SAMPLES_PER_MS, said: words, ...(frame ? { frame } : {}) };
    }
    for (let at = 0; at < samples.length; ) {
      const taken = samples.subarray(at, at + PIECE_SAMPLES - filled);
      piece.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < PIECE_SAMPLES) continue;
      yield { atMs: sent / SAMPLES_PER_MS, frame: audioFrame(piece, answer.mimeType), isPiece: true };
      sent += PIECE_SAMPLES;
      filled = 0;
    }
  }
  if (filled > 0) {
    const frame = audioFrame(piece.subarray(0, filled), answer.mimeType);
    yield { atMs: sent / SAMPLES_PER_MS, frame, isPiece: true };
  }
  yield { atMs: sent / SAMPLES_PER_MS, frame: encodeFrame({ serverContent: { generationComplete: true } }) };
  yield { atMs: (sent + filled) / SAMPLES_PER_MS + answer.headStartMs };
}

interface Sound {
  readonly samples: Int16Array;
  /** The words that begin here. */
  readonly words?: string;
}

function* speak({ text, playback }: SpokenAnswer, clips: SpeechClips): Generator<Sound> {
  for (const piece of composeSpeech(text, clips)) yield* sayPiece(piece, clips);
  if (playback) yield* playBack(playback);
}

/** Long clips get their words a few at a time, each where it sounds if all letters take equally long. */
function* sayPiece(piece: SpokenPiece, clips: SpeechClips): Generator<Sound> {
  const samples = new Int16Array(lengthOf(piece, clips));
  let length = 0;
  for (const name of piece.clips) {
    const clip = clips.samples(name);
    samples.set(clip, length);
    length += clip.length;
  }
  let letters = 0;
  let start = 0;
  for (const words of fewWords(piece.text)) {
    letters += words.length;
    const end = letters === piece.text.length ? samples.length : Math.floor((length * letters) / piece.text.length);
    yield { samples: samples.subarray(start, end), words };
    start = end;
  }
}

function lengthOf(piece: SpokenPiece, clips: SpeechClips): number {
  return piece.clips.reduce((sum, name) => sum + clips.samples(name).length, piece.pause);
}

function* playBack(heard: Int16Array): Generator<Sound> {
  const resampler = createResampler(HEARING_RATE, SPEECH_RATE);
  const block = HEARING_RATE / 10;
  const end = Math.min(heard.length, MAX_PLAYBACK_SECONDS * HEARING_RATE);
  for (let at = 0; at < end; at += block) {
    const samples = pcm16ToFloat(heard.subarray(at, Math.min(end, at + block)));
    yield { samples: floatToPcm16(resampler.process(samples)) };
  }
  yield { samples: floatToPcm16(resampler.flush()) };
}

function audioFrame(samples: Int16Array, mimeType: string): Buffer {
  const data = Buffer.from(pcm16ToBytes(samples).buffer).toString('base64');
  return encodeFrame({ serverContent: { modelTurn: { role: 'model', parts: [{ inlineData: { mimeType, data } }] } } });
}

/** Cuts a text before words; the pieces joined are the text. */
function fewWords(text: string): string[] {
  const words = text.match(/\s*\S+(?:\s+$)?/g) ?? (text === '' ? [] : [text]);
  const pieces: string[] = [];
  for (let at = 0; at < words.length; at += WORDS_PER_PIECE)
    pieces.push(words.slice(at, at + WORDS_PER_PIECE).join(''));
  return pieces;
}

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
