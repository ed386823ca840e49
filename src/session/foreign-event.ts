import { copyJson, type JsonLimits } from '../isolation/bounded-json.ts';
import { listShownTurns } from '../store/shown-turns.ts';
import type { AgentEvent } from '../wire/agent-event.ts';
import { adkDialect } from '../wire/dialects/adk.ts';
import { agentScopeDialect } from '../wire/dialects/agentscope.ts';
import { plainDialect } from '../wire/dialects/plain.ts';
import { isRecord } from '../wire/record.ts';
import { entrySize } from './log/entry-size.ts';

/** The size is that of the largest frame of a provider. */
const LIMITS: JsonLimits = {
  subject: 'An event of the runner',
  bytes: 16 * 1024 * 1024,
  depth: 100,
  values: 1_000_000,
  ms: 2_000,
};

/**
 * Copies an event of a runner that is not ours, and checks that readers and the conversation can use the copy. An event that cannot be encoded
 * would otherwise fail in every reader, now and after each reconnect.
 * @throws {TypeError} if the event is not one
 * @throws {JsonLimitError} if the event has more than 16 MiB, or JSON cannot represent it
 * @throws what its getters throw
 */
export function copyForeignEvent(given: unknown): AgentEvent {
  if (!isRecord(given)) throw new TypeError('the runner yielded something other than an event');
  const event = copyJson(given, LIMITS) as AgentEvent; // checked below, as far as it is used
  if (!isUsable(event)) throw new TypeError('the runner yielded an event that has not the shape of ADK’s events');
  return event;
}

const DIALECTS = [plainDialect, adkDialect, agentScopeDialect];

/** Uses an event in each way in which it will be used. */
function isUsable(event: AgentEvent): boolean {
  try {
    const bytes = entrySize({ event });
    for (const dialect of DIALECTS) dialect.encodeEntry({ seq: 1, turn: 1, message: { event } });
    listShownTurns([event]);
    return typeof event.author === 'string' && Number.isFinite(bytes);
  } catch {
    return false;
  }
}
