import type { ListedSession } from '../session/stored-sessions.ts';
import type { StoredSession } from '../store/session-store.ts';
import type { AgentEvent } from '../wire/agent-event.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import { formatStateKey, parseStateKey, type StateDelta } from '../wire/state-delta.ts';

/** Row of a list of conversations. */
export interface SessionRow {
  readonly id: string;
  readonly title: string;
  /** In seconds since 1970. */
  readonly lastUpdateTime: number;
  /** Whether audio was recorded and is still there. Absent: not known. */
  readonly recorded?: boolean;
}

export function toSessionRow({ sessionId, title, updatedAt, isRecorded }: ListedSession): SessionRow {
  return { id: sessionId, title, lastUpdateTime: updatedAt, ...omitUndefined({ recorded: isRecorded }) };
}

/**
 * Converts a conversation to ADK's Session in JSON, without its events. The state has the keys of the conversation and of the user: those of the
 * application belong to its author and all users.
 */
export function toSessionJson({ sessionId, appName, userId, state, updatedAt }: StoredSession) {
  const user = Object.entries(state.user).map(
    ([name, value]) => [formatStateKey({ scope: 'user', name }), value] as const,
  );
  return {
    ...{ id: sessionId, appName, userId },
    state: { ...state.session, ...Object.fromEntries(user) },
    lastUpdateTime: updatedAt,
  };
}

/** Removes from an event what is not for clients: handles of the provider, and changes of state of the application. */
export function toExportedEvent({ liveSessionResumptionUpdate: _, actions, ...stored }: AgentEvent): object {
  const event = showResultFiles(stored);
  if (!actions) return event;
  const { stateDelta, ...others } = actions;
  const kept = stateDelta === undefined ? {} : { stateDelta: omitPrivateKeys(stateDelta as StateDelta) }; // the runs check what they store
  return { ...event, actions: { ...others, ...kept } };
}

/** Moves the files with pictures of results to where ADK has them. */
function showResultFiles(event: AgentEvent): object {
  const { content } = event;
  if (!content?.parts?.some(({ functionResponse }) => functionResponse?.pictureFiles)) return event;
  const parts = content.parts.map((part) => {
    if (!part.functionResponse?.pictureFiles) return part;
    const { pictureFiles, ...response } = part.functionResponse;
    return { ...part, functionResponse: { ...response, parts: pictureFiles.map((fileData) => ({ fileData })) } };
  });
  return { ...event, content: { ...content, parts } };
}

function omitPrivateKeys(delta: StateDelta): StateDelta {
  const entries = Object.entries(delta).filter(([key]) => ['session', 'user'].includes(parseStateKey(key).scope));
  return Object.fromEntries(entries);
}
