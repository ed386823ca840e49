import { v7 as uuidv7 } from 'uuid';
import type { AgentEvent } from '../wire/agent-event.ts';

/** An event before it has its id and, unless it is of something that was before, its time. */
export type EventBody = Omit<AgentEvent, 'id' | 'invocationId' | 'timestamp'> & { timestamp?: number };

export type EmitEvent = (body: EventBody) => void;

/** Hexadecimal digits of the counter: sixteen million events. */
const COUNTER_DIGITS = 6;
const COUNTED = 16 ** COUNTER_DIGITS;

/**
 * Stamps the events of one run. Their ids share time and random bits, and end in a counter that keeps them in order (RFC 9562, section 6.2): an
 * id is made for each piece of audio.
 * @param customMetadata stands on each of them
 */
export function createEventFactory(customMetadata?: AgentEvent['customMetadata']): (body: EventBody) => AgentEvent {
  const invocationId = `e-${uuidv7()}`;
  const prefix = uuidv7().slice(0, -COUNTER_DIGITS);
  let made = 0;
  return (body) => {
    made = (made + 1) % COUNTED;
    // The digit that leads to the zeros before it is cut off.
    const id = prefix + (COUNTED + made).toString(16).slice(1);
    const event = { id, invocationId, timestamp: Date.now() / 1000, ...body };
    return customMetadata ? { ...event, customMetadata } : event;
  };
}
