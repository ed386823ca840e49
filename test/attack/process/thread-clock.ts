import { readFileSync } from 'node:fs';

/** Times of the main thread of a process, in ms since its start. */
export interface ThreadTimes {
  /** Time for which the thread ran. */
  readonly ran: number;
  /** Time for which the thread could have run, and waited for a processor. */
  readonly waited: number;
}

const NS = 1_000_000;

/**
 * Reads how long the main thread of a process ran and waited.
 * @returns `undefined` if the process has ended
 * @see https://docs.kernel.org/scheduler/sched-stats.html, /proc/<pid>/schedstat
 */
export function readThreadTimes(pid: number): ThreadTimes | undefined {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ');
    return { ran: Number(ran) / NS, waited: Number(waited) / NS };
  } catch {
    return undefined;
  }
}
