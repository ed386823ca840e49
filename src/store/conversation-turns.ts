import type { AgentEvent } from '../wire/agent-event.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';

export type ConversationTurn = ConnectionEvents['reset']['turns'][number];

/**
 * Reads who said what out of a conversation's events: typed text and transcripts of speech, one turn for each change of speaker.
 * Tool calls and their results are left out: neither a person nor a model that is told the conversation anew needs them.
 */
export function turnsOf(events: readonly AgentEvent[]): ConversationTurn[] {
  const turns: ConversationTurn[] = [];
  for (const event of events) {
    const said = saidIn(event);
    const last = turns.at(-1);
    if (said) {
      if (last && last.role === said.role && !last.interrupted) last.text += `\n${said.text}`;
      else turns.push(said);
    }
    if (event.interrupted) {
      const interrupted = turns.findLast((turn) => turn.role === 'model');
      if (interrupted && interrupted === turns.at(-1)) interrupted.interrupted = true;
    }
  }
  return turns;
}

function saidIn(event: AgentEvent): ConversationTurn | undefined {
  if (event.partial) return undefined;
  if (event.inputTranscription?.text) return { role: 'user', text: event.inputTranscription.text };
  if (event.outputTranscription?.text) return { role: 'model', text: event.outputTranscription.text };
  const text = (event.content?.parts ?? [])
    .filter((part) => part.text && !part.thought)
    .map((part) => part.text)
    .join('');
  return text ? { role: event.author === 'user' ? 'user' : 'model', text } : undefined;
}
