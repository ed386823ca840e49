/** An operation did not answer within its time limit. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/**
 * Waits for an operation, but not longer than `ms`. The operation itself is not stopped; its late answer is ignored.
 * @throws {TimeLimitError} after `ms`, or what the operation throws
 */
export async function limitTime<T>(operation: () => Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimeLimitError(`no answer within ${ms} ms`)), ms).unref();
  try {
    return await Promise.race([operation(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
