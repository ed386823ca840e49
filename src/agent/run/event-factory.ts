import { v7 as uuidv7 } from 'uuid';
import type { AgentEvent } from '../../wire/agent-event.ts';

/** Event without its ids. `timestamp` is set only for something that happened earlier. Default: now */
export type EventBody = Omit<AgentEvent, 'id' | 'invocationId' | 'timestamp'> & { timestamp?: number };

export type EmitEvent = (body: EventBody) => void;
export type CreateEvent = (body: EventBody) => AgentEvent;

/** Number of hexadecimal digits of the counter, which is enough for 16 million events. */
const COUNTER_DIGITS = 6;
const COUNTER_END = 16 ** COUNTER_DIGITS;

/** Creates the id of a run, which all its events have. */
export function createInvocationId(): string {
  return `e-${uuidv7()}`;
}

/**
 * Creates a function that gives events their ids and time. The ids of a run share their time and random bits and end in a counter, because every
 * chunk of audio needs an id that sorts after the one before.
 * @param customMetadata metadata that every event carries
 * @param invocationId id of the run. Default: a new one
 * @see RFC 9562, section 6.2
 */
export function createEventFactory(
  customMetadata?: AgentEvent['customMetadata'],
  invocationId = createInvocationId(),
): CreateEvent {
  const prefix = uuidv7().slice(0, -COUNTER_DIGITS);
  let count = 0;
  return (body) => {
    count = (count + 1) % COUNTER_END;
    // Adding COUNTER_END pads the number with zeros. The leading digit is removed.
    const id = prefix + (COUNTER_END + count).toString(16).slice(1);
    const event = { id, invocationId, timestamp: Date.now() / 1000, ...body };
    return customMetadata ? { ...event, customMetadata } : event;
  };
}
