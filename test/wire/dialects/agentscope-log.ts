import { LiveLog } from '../../../src/session/log/live-log.ts';
import { LogWriter } from '../../../src/session/log/log-writer.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { agentScopeDialect } from '../../../src/wire/dialects/agentscope.ts';
import type { Dialect } from '../../../src/wire/dialects/dialect.ts';
import type { LogMessage } from '../../../src/wire/log-entry.ts';
import { WIDE_LIMITS } from '../../session/log/log-messages.ts';

export const EPOCH = 'epoch-0123456789';
export const STAMP = { id: '0198', invocationId: 'e-0198', author: 'helper', timestamp: 1_764_000_000 };
/** Ids of the agent in each `agent_*` event. */
export const AGENT = { agent_id: 'helper', agent_name: 'helper' };

/** The messages of a log to which these entries are appended, in order. */
export function serverEventsOf(
  messages: readonly LogMessage[],
  dialect: Dialect = agentScopeDialect,
  agentName?: string,
) {
  const log = new LiveLog({ epoch: EPOCH, limits: WIDE_LIMITS });
  const writer = new LogWriter(log, { sessionId: 'session1', agent: 'helper' });
  writer.renameAgent(agentName);
  return messages.flatMap((message) =>
    dialect
      .encodeEntry(writer.append(message))
      .filter((frame) => frame?.event === undefined)
      .map((frame): Record<string, unknown> | undefined => frame && JSON.parse(frame.data)),
  );
}

export function event(body: Partial<AgentEvent>): LogMessage {
  return { event: { ...STAMP, ...body } };
}

export const speech = (data: string, mimeType = 'audio/pcm;rate=24000'): LogMessage =>
  event({ content: { role: 'model', parts: [{ inlineData: { mimeType, data } }] } });
export const spoken = (text: string): LogMessage =>
  event({ outputTranscription: { text, finished: false }, partial: true });
export const heard = (text: string, finished: boolean): LogMessage =>
  event({ author: 'user', inputTranscription: { text, finished } });
export const turnComplete = event({ turnComplete: true });
