import type { RunConfig } from '../../src/agent/run-config.ts';
import { WireError } from '../../src/wire/wire-error.ts';

// A model of each family.
export const HALF_CASCADE = 'gemini-live-2.5-flash-preview';
export const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
export const THREE_ONE = 'gemini-3.1-flash-live-preview';
export const THREE_EIGHT = 'gemini-3.8-live';

export const SPOKEN: RunConfig = { responseModalities: ['AUDIO'] };
export const voice = (voiceName: string): RunConfig => ({
  speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } },
});

/** Returns the WireError that an action throws. */
export function errorOf(action: () => unknown): WireError {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
