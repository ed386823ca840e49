import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterTest } from '../http/test-server.ts';

export const MEGABYTE = 1024 * 1024;

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Returns the memory in use after garbage collection, in bytes: heap and external buffers of server and test in one process. */
export function memoryInUse(): number {
  // The second finds what finalizers have let go of.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Counts the open TCP sockets of this process: two for each connection between a test and its server. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length;
}

/** Counts from now on the timers that have neither fired for the last time nor been cleared, those included that keep no process alive. */
export function countTimers(): () => number {
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === 'Timeout') timers.add(id);
    },
    destroy: (id) => timers.delete(id),
  }).enable();
  afterTest(() => hook.disable());
  return () => timers.size;
}
