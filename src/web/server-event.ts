import type { Message } from '../client/index.ts';
import type { ConnectionEvents, LogEvents } from '../wire/named-events.ts';

/** Names of the events that the page handles. */
export const EVENT_NAMES = [
  'session',
  'reset',
  'message',
  'input_transcript',
  'interim_transcript',
  'user_message',
  'settings',
  'tool_call',
  'tool_confirmed',
  'tool_result',
  'tool_cancel',
  'agent',
  'usage',
  'grounding',
  'status',
  'storage',
  'failure',
  'end',
] as const;

type EventData = LogEvents & ConnectionEvents & { message: Message };

export type ServerEvent = {
  [Name in (typeof EVENT_NAMES)[number]]: { name: Name; data: EventData[Name] };
}[(typeof EVENT_NAMES)[number]];
