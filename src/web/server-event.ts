import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';

/** An unnamed message: what ADK's samples send. */
export type PlainMessage =
  | { readonly mime_type: string; readonly data: string; readonly is_transcript?: boolean }
  | { readonly turn_complete: true | null; readonly interrupted: true | null };

type EventData = LogEvents & ConnectionEvents & { message: PlainMessage };

export type ServerEvent = { [Name in keyof EventData]: { name: Name; data: EventData[Name] } }[keyof EventData];

/** Events that have their place in the log, and are given again when a reader asks for it; the others are made per connection. */
export const LOG_EVENTS = [
  'message',
  'input_transcript',
  'tool_call',
  'tool_result',
  'tool_cancel',
  'usage',
  'status',
  'failure',
  'end',
] as const satisfies (keyof EventData)[];

export const CONNECTION_EVENTS = ['session', 'hb', 'reset', 'drain'] as const satisfies (keyof ConnectionEvents)[];
