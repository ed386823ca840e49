import { type Block, encodeHead, HEAD_SAMPLES, parseHead } from './block-head.ts';

/**
 * Audio that carries numbers: blocks of 100 ms with their number and send time in the first samples. The blocks are found again
 * however the audio was cut and joined on its way.
 */
export const BLOCK_MS = 100;
export const HEARD_HZ = 16_000;
export const SPOKEN_HZ = 24_000;

export function blockBytes(hz: number): number {
  return ((hz * BLOCK_MS) / 1_000) * 2;
}

/** Creates a block as PCM16, little endian, mono. */
export function encodeBlock(block: Block, hz: number): Buffer {
  const pcm = Buffer.alloc(blockBytes(hz), 1);
  for (const [index, sample] of encodeHead(block).entries()) pcm.writeUInt16LE(sample, index * 2);
  return pcm;
}

export interface BlockReader {
  /** Adds audio. @returns the blocks that are complete now, in the order in which they arrived */
  feed(pcm: Uint8Array): Block[];
  /** Number of bytes that belonged to no block, because audio was removed or inserted. */
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
          // Skip one sample at a time, because the start of the next block is unknown.
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
  return parseHead(Array.from({ length: HEAD_SAMPLES }, (_, index) => pcm.readUInt16LE(index * 2)));
}
