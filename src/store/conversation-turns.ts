import type { AgentEvent } from '../wire/agent-event.ts';

/** Text of one speaker up to the next change of speaker. */
export interface ConversationTurn {
  role: 'user' | 'model';
  text: string;
  interrupted?: boolean;
}

/**
 * Lists the turns of a conversation: typed text and transcripts of speech, one turn for each change of speaker. Tool calls and their results are left out:
 * neither a person nor a model that reads the conversation again needs them. Words of the user that were recognized late stand before the reply to
 * them.
 */
export function listTurns(events: readonly AgentEvent[]): ConversationTurn[] {
  return foldTurns(events, extractTurn, (turn, { text }) => {
    turn.text += `\n${text}`;
  });
}

/**
 * Makes turns of what events add to a conversation, one for each change of speaker. Words of the user that were recognized late stand before the reply to
 * them.
 * @param extract extracts what an event adds, as a turn of its own
 * @param merge adds what the same speaker goes on with to the turn
 * @param isAfterword whether something that arrives after an interruption still belongs to the turn that was interrupted. Default: it does not
 */
export function foldTurns<Turn extends ConversationTurn>(
  events: readonly AgentEvent[],
  extract: (event: AgentEvent) => Turn | undefined,
  merge: (turn: Turn, next: Turn) => void,
  isAfterword: (next: Turn) => boolean = () => false,
): Turn[] {
  const turns: Turn[] = [];
  for (const event of events) {
    const next = extract(event);
    const last = turns.at(-1);
    if (next && event.answered && last?.role === 'model') {
      turns.splice(-1, 0, next);
      continue;
    }
    if (next && last?.role === next.role && (!last.interrupted || isAfterword(next))) merge(last, next);
    else if (next) turns.push(next);
    const newest = turns.at(-1);
    if (event.interrupted && newest?.role === 'model') newest.interrupted = true;
  }
  return turns;
}

/** Extracts what an event adds to a conversation. @returns `undefined` for an event without words */
export function extractTurn(event: AgentEvent): ConversationTurn | undefined {
  if (event.partial) return undefined;
  if (event.inputTranscription?.text) return { role: 'user', text: event.inputTranscription.text };
  if (event.outputTranscription?.text) return { role: 'model', text: event.outputTranscription.text };
  const text = (event.content?.parts ?? [])
    .filter((part) => part.text && !part.thought)
    .map((part) => part.text)
    .join('');
  return text ? { role: event.author === 'user' ? 'user' : 'model', text } : undefined;
}
