import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export const MEGABYTE = 1024 * 1024;

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What is in use once garbage is collected, bytes: objects and strings, and the buffers outside the heap. Of server and test: one process. */
export function memoryInUse(): number {
  // The second finds what finalizers have let go of.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** How many objects of a class are still held by anything. */
export function alive(type: abstract new (...parameters: never[]) => object): number {
  return queryObjects(type as new () => object, { format: 'count' });
}
