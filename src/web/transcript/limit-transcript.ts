import { MAX_IMAGES } from './max-images.ts';
import type { Transcript } from './transcript-state.ts';
import type { AgentTurn, Turn } from './turn.ts';

/** Maximum number of turns that the page keeps. At the limit it forgets the oldest ones and says so; the server still has them. */
export const MAX_TURNS = 12_000;
/** Maximum length of the text of all turns, in UTF-16 units: 40 MB of memory at most. At the limit the oldest turns are forgotten. */
export const MAX_TEXT = 20_000_000;
/** Maximum length of the text of one part of an answer, in UTF-16 units. The rest is not kept. */
export const MAX_PART = 4_000_000;
/** Maximum number of texts and tool calls of an answer. At the limit the oldest ones are forgotten. */
export const MAX_PARTS = 500;
/** Share of a limit to which the page returns when it was reached, so that it does not forget one turn at a time. */
const RETURN_TO = 0.9;

/** Keeps the transcript within its limits after a change. @param previous the transcript before the change */
export function limitTranscript(transcript: Transcript, previous: Transcript): Transcript {
  if (transcript.turns === previous.turns) return transcript;
  if (transcript.turns.length > previous.turns.length) return limitTurns(transcript);
  const last = transcript.turns.at(-1);
  if (last?.role !== 'agent') return transcript;
  const limited = limitAnswer(last);
  return limited === last ? transcript : { ...transcript, turns: [...transcript.turns.slice(0, -1), limited] };
}

function limitTurns(transcript: Transcript): Transcript {
  const { turns, truncated } = transcript;
  let first = turns.length > MAX_TURNS ? turns.length - Math.floor(MAX_TURNS * RETURN_TO) : 0;
  const lengths = turns.map(measureText);
  let length = lengths.slice(first).reduce((sum, each) => sum + each, 0);
  if (length > MAX_TEXT) {
    // The last turn is kept, however long it is.
    for (; length > MAX_TEXT * RETURN_TO && first < turns.length - 1; first += 1) length -= lengths[first] ?? 0;
  }
  const kept = limitImages(first === 0 ? turns : turns.slice(first));
  return kept === turns ? transcript : { ...transcript, turns: kept, truncated: truncated || first > 0 };
}

/** Removes the oldest pictures beyond the limit. @returns the same turns if there are none */
function limitImages(turns: readonly Turn[]): readonly Turn[] {
  let surplus = turns.reduce((sum, turn) => sum + countImages(turn), 0) - MAX_IMAGES;
  if (surplus <= 0) return turns;
  return turns.map((turn) => {
    const count = countImages(turn);
    if (count === 0 || surplus <= 0) return turn;
    surplus -= count;
    return omitImages(turn);
  });
}

function countImages(turn: Turn): number {
  if (turn.role === 'user') return turn.image ? 1 : 0;
  return turn.parts.reduce((sum, part) => sum + (part.kind === 'tool' ? (part.images?.length ?? 0) : 0), 0);
}

/** Replaces the pictures of a turn by their number. */
function omitImages(turn: Turn): Turn {
  if (turn.role === 'agent') return { ...turn, parts: turn.parts.map(omitResultImages) };
  const { image: _, ...rest } = turn;
  return { ...rest, pictures: (turn.pictures ?? 0) + 1 };
}

/** Replaces the pictures of the oldest call that has some by their number. */
function omitOldestImages(turn: AgentTurn): AgentTurn {
  const oldest = turn.parts.findIndex((part) => part.kind === 'tool' && part.images);
  return { ...turn, parts: turn.parts.map((part, index) => (index === oldest ? omitResultImages(part) : part)) };
}

function omitResultImages(part: AgentTurn['parts'][number]): AgentTurn['parts'][number] {
  if (part.kind !== 'tool' || !part.images) return part;
  const { images, ...rest } = part;
  return { ...rest, pictures: (part.pictures ?? 0) + images.length };
}

function limitAnswer(turn: AgentTurn): AgentTurn {
  const last = turn.parts.at(-1);
  if (countImages(turn) > MAX_IMAGES) return omitOldestImages(turn);
  if (turn.parts.length > MAX_PARTS) return { ...turn, parts: turn.parts.slice(-MAX_PARTS * RETURN_TO) };
  if (last?.kind !== 'text' || last.text.length <= MAX_PART) return turn;
  return { ...turn, parts: [...turn.parts.slice(0, -1), { ...last, text: last.text.slice(0, MAX_PART) }] };
}

function measureText(turn: Turn): number {
  if (turn.role === 'user') return turn.text.length;
  return turn.parts.reduce((sum, part) => sum + (part.kind === 'text' ? part.text.length : 0), 0);
}
