/**
 * Waits until a promise settles, but not longer than a time limit. The timer does not keep the process alive.
 * @param ms time limit, in ms
 * @returns whether the promise was fulfilled within the limit
 * @throws the promise's own rejection, if it is rejected within the limit
 */
export async function settleWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: timeout, resolve: expire } = Promise.withResolvers<boolean>();
  const timer = setTimeout(expire, ms, false).unref();
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
