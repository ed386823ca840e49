import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { AgentEvent } from '../wire/agent-event.ts';

/** An event before it has its id and time. */
export type EventBody = Omit<AgentEvent, 'id' | 'invocationId' | 'timestamp'>;

export type EmitEvent = (body: EventBody) => void;

/** Stamps the events of one run. */
export function createEventFactory(): (body: EventBody) => AgentEvent {
  const invocationId = `e-${uuidv7()}`;
  return (body) => ({
    id: uuidv7({ random: nextRandom(), seq: nextSequence() }),
    invocationId,
    timestamp: Date.now() / 1000,
    ...body,
  });
}

/** Random bytes for 256 ids: asking for them costs more than all the rest of an id, and an id is made for each piece of audio. */
const pool = new Uint8Array(16 * 256);
let used = pool.length;

function nextRandom(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}

/** Keeps ids of the same millisecond in order; 32 bits that wrap round. */
let sequence = 0;

function nextSequence(): number {
  sequence = (sequence + 1) >>> 0;
  return sequence;
}
