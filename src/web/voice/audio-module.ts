import { settleInTime } from './settle-in-time.ts';
import { VoiceError } from './voice-problem.ts';

/** Maximum wait for a module, in ms. */
const LOAD_MS = 15_000;
/** Maximum wait for the server's answer about a module that was not loaded, in ms. */
const PROBE_MS = 3_000;

/**
 * Loads an audio module into a context.
 * @throws {VoiceError} with the cause, which the browser's error does not tell
 */
export async function loadAudioModule(context: AudioContext, url: string, signal: AbortSignal): Promise<void> {
  try {
    await settleInTime(context.audioWorklet.addModule(url), LOAD_MS, 'module_slow', signal);
  } catch (error) {
    if (error instanceof VoiceError || signal.aborted) throw error;
    throw await findCause(url);
  }
}

async function findCause(url: string): Promise<VoiceError> {
  try {
    const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) });
    if (response.ok) return new VoiceError('module_blocked');
    return new VoiceError('module_missing', `${response.status} ${response.statusText}`.trim());
  } catch {
    return new VoiceError('unreachable');
  }
}
