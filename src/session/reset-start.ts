import type { LiveConversation } from '../store/live-conversation.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import type { ClientCalls } from './client-calls.ts';
import type { LogView } from './log/log-view.ts';
import type { TurnTracker } from './log/turn-tracker.ts';
import type { Start } from './session-handle.ts';

/** Reason why the cursor of a reader does not lead to a position. */
export type ResetReason = ConnectionEvents['reset']['reason'];

/** Maximum number of turns in a `reset`: enough for a page to show the conversation again. */
const MAX_TURNS = 200;
/** Maximum length of the texts in a `reset`, in characters: an hour of speech. Every reader whose position is lost is sent one. */
const MAX_CHARACTERS = 128 * 1024;

type Turns = ConnectionEvents['reset']['turns'];

/** Creates the start of a reader whose position in the log is lost: the head, with the conversation so far. */
export async function createResetStart(
  reason: ResetReason,
  log: LogView,
  turns: TurnTracker,
  conversation: LiveConversation,
  calls: ClientCalls,
): Promise<Start> {
  await conversation.loaded;
  // Read without waiting in between: position and turns belong to the same moment.
  const spoken = conversation.listShownTurns(turns.repliesSoFar, calls.confirming);
  const kept = keepNewest(spoken);
  // A turn that was shortened is a copy.
  const isShortened = kept.length > 0 && kept[0] !== spoken.at(-kept.length);
  const truncated = conversation.truncated || kept.length < spoken.length || isShortened;
  // The session may have ended while the conversation was loaded. The reader must receive the end, or it would wait for ever.
  const isOver = log.at(log.head)?.entry.message.end !== undefined;
  const position = { seq: isOver ? log.head : log.head + 1, frames: 0 };
  return { position, reset: { reason, turns: kept, truncated } };
}

/**
 * Returns the newest turns that fit. If the newest alone does not fit, its words without its calls and sources, or the end of them: several messages in a
 * row are one turn.
 */
function keepNewest(turns: Turns): Turns {
  const newest = turns.at(-1);
  if (newest && measureTurn(newest) > MAX_CHARACTERS) {
    const { tools: _, sources: __, queries: ___, ...words } = newest;
    if (newest.text.length <= MAX_CHARACTERS) return [words];
    // Half of a surrogate pair is no character.
    const end = newest.text.slice(-MAX_CHARACTERS).replace(/^[\uDC00-\uDFFF]/, '');
    return [{ ...words, text: `…${end}` }];
  }
  let first = turns.length;
  let room = MAX_CHARACTERS;
  while (first > 0 && turns.length - first < MAX_TURNS) {
    room -= measureTurn(turns[first - 1]);
    if (room < 0) break;
    first -= 1;
  }
  return turns.slice(first);
}

/** Size of a turn, in characters. */
function measureTurn(turn: Turns[number] | undefined): number {
  if (!turn) return 0;
  const { text, tools, sources, queries } = turn;
  const lists = [tools, sources, queries].map((list) => (list ? JSON.stringify(list).length : 0));
  return lists.reduce((sum, length) => sum + length, text.length);
}
