/** Data in the first samples of a block. The module does not use Node, because a page writes blocks too. */
export interface Block {
  readonly number: number;
  /** Send time as performance.now() of this process, in ms. */
  readonly sentAt: number;
}

/** Number of samples in a head, each 0 to 65535. */
export const HEAD_SAMPLES = 7;
const MARK = 0x5a3c;

export function encodeHead({ number, sentAt }: Block): number[] {
  const micros = Math.round(sentAt * 1_000);
  const head = [number & 0x7fff, (number >> 15) & 0x7fff];
  head.push(micros % 0x8000, Math.floor(micros / 0x8000) % 0x8000, Math.floor(micros / 0x8000 ** 2) % 0x8000);
  return [MARK, ...head, sum(head)];
}

/** Reads the head of a block. @returns undefined if no block begins here */
export function parseHead([mark, ...rest]: readonly number[]): Block | undefined {
  if (mark !== MARK) return undefined;
  const [low = 0, high = 0, micros = 0, more = 0, most = 0, total] = rest;
  if (total !== sum([low, high, micros, more, most])) return undefined;
  return { number: low + (high << 15), sentAt: (micros + more * 0x8000 + most * 0x8000 ** 2) / 1_000 };
}

function sum(head: readonly number[]): number {
  return head.reduce((total, value) => (total * 31 + value) & 0x7fff, 7);
}
