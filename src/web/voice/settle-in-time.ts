import { VoiceError, type VoiceProblem } from './voice-problem.ts';

/**
 * Waits for a step of a start, which the browser may leave pending for ever.
 * @param ms maximum wait, in ms
 * @param problem problem if the step takes longer
 * @param signal cancels the wait
 * @throws {VoiceError} if the step takes longer; the reason of `signal` if it is aborted
 */
export function settleInTime<T>(step: Promise<T>, ms: number, problem: VoiceProblem, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => reject(new VoiceError(problem)), ms);
    step.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    });
  });
}
