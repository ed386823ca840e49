import { pino } from 'pino';

/** Maximum length of the lines that wait because standard output accepts none, in characters. Beyond it lines are discarded. */
const MAX_WAITING = 1024 * 1024;

/**
 * Opens standard output for lines of JSON. Lines that cannot be written, because a disk is full or a terminal is stopped, are lost: the server
 * continues, and ends when it is told to.
 */
export function openLogOutput(): { write(line: string): unknown } {
  const output = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING });
  output.on('error', () => {
    // At the end of the process sonic-boom tries to write what waits, for ever if the disk is full (sonic-boom 4.2).
    output.flushSync = () => {};
  });
  return output;
}
