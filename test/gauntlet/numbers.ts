/**
 * Audio that carries numbers: blocks of 100 ms, each with its number and the time at which it was sent in its first samples. What comes
 * may be cut and joined in any way, as audio is on its way; the blocks are found again.
 */
export const BLOCK_MS = 100;
export const HEARD_HZ = 16_000;
export const SPOKEN_HZ = 24_000;

export interface Block {
  readonly number: number;
  /** As performance.now() of this process, ms. */
  readonly sentAt: number;
}

const MARK = 0x5a3c;
const HEAD_SAMPLES = 7;

export function blockBytes(hz: number): number {
  return ((hz * BLOCK_MS) / 1_000) * 2;
}

/** PCM16, little endian, mono. */
export function encodeBlock({ number, sentAt }: Block, hz: number): Buffer {
  const pcm = Buffer.alloc(blockBytes(hz), 1);
  const micros = Math.round(sentAt * 1_000);
  const head = [number & 0x7fff, (number >> 15) & 0x7fff];
  head.push(micros % 0x8000, Math.floor(micros / 0x8000) % 0x8000, Math.floor(micros / 0x8000 ** 2) % 0x8000);
  pcm.writeUInt16LE(MARK, 0);
  for (const [index, value] of head.entries()) pcm.writeUInt16LE(value, 2 + index * 2);
  pcm.writeUInt16LE(sum(head), 2 + head.length * 2);
  return pcm;
}

export interface BlockReader {
  /** @returns the blocks that are complete now, in the order in which they came */
  feed(pcm: Uint8Array): Block[];
  /** Bytes that belonged to no block: something was cut out, or put in between. */
  readonly strayBytes: number;
}

export function createBlockReader(hz: number): BlockReader {
  const size = blockBytes(hz);
  let held = Buffer.alloc(0);
  let strayBytes = 0;
  return {
    feed(pcm) {
      held = Buffer.concat([held, pcm]);
      const blocks: Block[] = [];
      while (held.length >= HEAD_SAMPLES * 2) {
        const block = readHead(held);
        if (!block) {
          // A sample at a time: where the next one begins is not known.
          held = held.subarray(2);
          strayBytes += 2;
        } else if (held.length >= size) {
          held = held.subarray(size);
          blocks.push(block);
        } else break;
      }
      return blocks;
    },
    get strayBytes() {
      return strayBytes;
    },
  };
}

function readHead(pcm: Buffer): Block | undefined {
  if (pcm.readUInt16LE(0) !== MARK) return undefined;
  const head = [1, 2, 3, 4, 5].map((index) => pcm.readUInt16LE(index * 2));
  const [low = 0, high = 0, micros = 0, more = 0, most = 0] = head;
  if (pcm.readUInt16LE(12) !== sum(head)) return undefined;
  return { number: low + (high << 15), sentAt: (micros + more * 0x8000 + most * 0x8000 ** 2) / 1_000 };
}

function sum(head: readonly number[]): number {
  return head.reduce((total, value) => (total * 31 + value) & 0x7fff, 7);
}
