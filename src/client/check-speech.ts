import type { Speech } from './client-options.ts';
import { describeValue } from './describe-value.ts';

/** Values that a voice, a language or the name of an agent may have, in words. */
export const SPEECH_NAME = 'a text that is not empty';

export function isSpeechName(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

/** @throws {TypeError} names the field, the given value and the allowed values */
export function checkSpeech(speech: Speech): void {
  const { voice, language } = Object(speech) as Speech;
  for (const [field, value] of Object.entries({ voice, language })) {
    if (value === undefined || isSpeechName(value)) continue;
    throw new TypeError(`setSpeech: ${field} must be ${SPEECH_NAME}; given: ${describeValue(value)}`);
  }
}
