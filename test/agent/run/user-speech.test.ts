import { expect, test } from '@jest/globals';
import { UserSpeech } from '../../../src/agent/run/user-speech.ts';
import { holdClock } from '../../held-clock.ts';

/** 100 ms of a tone. */
function tone(amplitude: number): string {
  const samples = Buffer.alloc(3_200);
  for (let at = 0; at < samples.length; at += 2) samples.writeInt16LE(at % 4 === 0 ? amplitude : -amplitude, at);
  return samples.toString('base64');
}
const audio = (amplitude: number) => ({ blob: { mime_type: 'audio/pcm;rate=16000', data: tone(amplitude) } });

test('the user is speaking for 600 ms after a loud sound, and not after noise, a picture or text', () => {
  const clock = holdClock();
  const speech = new UserSpeech();
  speech.addInput(audio(500));
  speech.addInput({ blob: { mime_type: 'image/jpeg', data: tone(8_000) } });
  speech.addInput({ content: { parts: [{ text: 'hello' }] } });
  expect(speech.isSpeaking).toBe(false);
  speech.addInput(audio(8_000));
  speech.addInput(audio(500));
  clock.advance(599);
  expect(speech.isSpeaking).toBe(true);
  clock.advance(1);
  expect(speech.isSpeaking).toBe(false);
});

test('the user counts as speaking for a moment after audio that was not measured, because nobody knows, and not after a picture', () => {
  const clock = holdClock();
  const speech = new UserSpeech();
  speech.skipInput({ blob: { mime_type: 'image/jpeg', data: tone(8_000) } });
  expect(speech.isSpeaking).toBe(false);
  speech.skipInput(audio(500));
  expect(speech.isSpeaking).toBe(true);
  clock.advance(250);
  expect(speech.isSpeaking).toBe(false);
});
