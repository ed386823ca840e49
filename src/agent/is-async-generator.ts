/**
 * Whether a function is declared as `async function*`, also in another realm. A program that is compiled to a language level before ES2018 has no such
 * functions.
 */
export function isAsyncGeneratorFunction(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object AsyncGeneratorFunction]';
}

/** Whether a value is an async generator, or behaves as one. A stream that can be iterated is none, because it has no `next`. */
export function isAsyncGenerator(given: unknown): given is AsyncIterator<unknown> {
  if (typeof given !== 'object' || given === null) return false;
  const { next, [Symbol.asyncIterator]: iterate } = given as Partial<AsyncIterableIterator<unknown>>;
  return typeof next === 'function' && typeof iterate === 'function';
}
