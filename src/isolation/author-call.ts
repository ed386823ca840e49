import { FaultScope } from './fault-scope.ts';

/** Code of an author did not return within its time limit. */
export class AuthorTimeoutError extends Error {
  override readonly name = 'AuthorTimeoutError';
}

export interface AuthorCallOptions {
  /** Maximum duration, in ms, of code that returns a promise. Code that returns at once has none: nothing can stop it. */
  readonly ms: number;
  /** Called with an error that the code leaves behind after its call has ended, for example in a timer. Must not throw. */
  readonly onLateFault: (error: unknown) => void;
}

/**
 * Calls code of an author, whatever it does.
 * @returns the result at once if the code returns at once; otherwise a promise, which settles within the time limit
 * @throws what the code throws, at once or as a rejection, also in a timer or an event handler while the promise is pending
 * @throws {AuthorTimeoutError} as a rejection
 */
export function callAuthor<Result>(
  code: () => Result | PromiseLike<Result>,
  { ms, onLateFault }: AuthorCallOptions,
): Result | Promise<Result> {
  let onFault = onLateFault;
  const scope = new FaultScope((error) => onFault(error));
  // A `then` that throws is code of the author, too.
  const result = scope.run(() => {
    const value = code();
    return isThenable(value) ? Promise.resolve(value) : value;
  });
  if (!(result instanceof Promise)) return result as Result; // the line above has converted all others
  const { promise, reject } = Promise.withResolvers<never>();
  onFault = reject;
  const timer = setTimeout(() => reject(new AuthorTimeoutError(`no answer within ${ms} ms`)), ms).unref();
  return Promise.race([result, promise]).finally(() => {
    clearTimeout(timer);
    onFault = onLateFault;
  });
}

/** Whether a value of an author is a promise, of whatever library. */
export function isThenable<Result>(value: Result | PromiseLike<Result>): value is PromiseLike<Result> {
  return typeof (value as PromiseLike<Result> | undefined | null)?.then === 'function';
}
