import type { AsyncQueue } from '../models/async-queue.ts';

/** What a run consists of, once it has begun. */
export interface Begun<T> {
  readonly events: AsyncQueue<T>;
  /** Lets go of all that it holds; called once, however it ends. */
  end(): Promise<void>;
}

/**
 * The generator of a run that begins when the first event is asked for. An async generator that passes on a queue takes five turns of the
 * microtask queue more for each event, of which speech has twenty-five a second.
 * @param begin `undefined`: there is nothing to begin. What it throws is thrown to who asks first
 */
export function generateRun<T>(begin: () => Begun<T> | undefined): AsyncGenerator<T, void, undefined> {
  let state: 'new' | 'over' | Begun<T> = 'new';
  let ending: Promise<void> | undefined;
  const finish = async () => {
    if (typeof state === 'object') ending ??= state.end();
    state = 'over';
    await ending;
  };
  const passOn = async (result: IteratorResult<T, void>): Promise<IteratorResult<T, void>> => {
    await finish();
    return result;
  };
  const checked = (result: IteratorResult<T, void>) => (result.done ? passOn(result) : result);
  const failed = async (error: unknown): Promise<never> => {
    await finish();
    throw error;
  };
  const next = async (): Promise<IteratorResult<T, void>> => {
    if (state === 'new') {
      state = 'over';
      state = begin() ?? 'over';
    }
    if (state === 'over') {
      await ending;
      return { value: undefined, done: true };
    }
    return state.events.next().then(checked, failed);
  };
  const finishThen = async (): Promise<IteratorResult<T, void>> => passOn({ value: undefined, done: true });
  const generator: AsyncGenerator<T, void, undefined> = {
    next: () => (typeof state === 'object' ? state.events.next().then(checked, failed) : next()),
    return: finishThen,
    throw: failed,
    [Symbol.asyncIterator]: () => generator,
    [Symbol.asyncDispose]: finish,
  };
  return generator;
}
