import { floatToPcm16, pcm16ToBytes } from '../../src/audio/pcm.ts';
import { tone } from '../audio/spectrum.ts';

/** What a microphone gives when somebody says something, as far as the emulator can tell: PCM16 mono. */
export function speech(seconds: number, rate = 16_000): Buffer {
  return Buffer.from(pcm16ToBytes(floatToPcm16(tone(220, rate, seconds, 0.4))));
}

/** A pause: long enough, and the agent takes its turn. */
export function silence(seconds: number, rate = 16_000): Buffer {
  return Buffer.alloc(Math.round(rate * seconds) * 2);
}

/** An utterance of a second, and the pause by which the agent knows that it is over. */
export function utterance(rate = 16_000): Buffer {
  return Buffer.concat([silence(0.3, rate), speech(1, rate), silence(1, rate)]);
}

/** What the emulator answers to `utterance()`. */
export const HEARD_UTTERANCE = /^You spoke for (one|zero point nine|one point one) seconds?\./;
