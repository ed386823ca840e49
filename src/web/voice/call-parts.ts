import { signal } from '@preact/signals';
import type { startVoice } from './voice.ts';
import { VoiceError } from './voice-problem.ts';

type CallParts = typeof import('./call.ts');

/** The parts of the page that only a call needs; `undefined` until they have been loaded. */
export const callParts = signal<CallParts | undefined>(undefined);

/** Loads the parts of a call. @throws if the server is away */
export async function loadCallParts(): Promise<CallParts> {
  callParts.value ??= await import('./call.ts');
  return callParts.value;
}

/** Starts voice, as `startVoice` does, after its code has been loaded. */
export const startVoiceWhenLoaded: typeof startVoice = async (options, abortSignal) => {
  const parts = await loadCallParts().catch(() => {
    throw new VoiceError('unreachable');
  });
  return parts.startVoice(options, abortSignal);
};
