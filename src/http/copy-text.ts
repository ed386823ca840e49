/** Length of a request target up to which its parts may be kept, in characters. */
const SHORT_TARGET = 256;

/**
 * Copies a text that is kept for longer than its request. JavaScript keeps a part of a text as a reference to the whole: an id of 20
 * characters would keep 16 kB of a request target in memory.
 */
export function copyText(text: string): string {
  // One byte for each character would lose the others.
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Whether parts of a request target should be copied before they are kept. Most targets are hardly longer than their parts. */
export function isLongTarget(url = ''): boolean {
  return url.length > SHORT_TARGET;
}
