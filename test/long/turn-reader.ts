import { isAudio } from '../http/scripted-session.ts';
import type { PlainMessage, SseClient, SseEvent } from '../http/sse-client.ts';
import { readLabel } from './labelled-voice.ts';

/** A turn as a reader received it: the ids, and a line for each event. */
export interface HeardTurn {
  readonly ids: string[];
  readonly lines: string[];
}

/** Reads a stream for hours: it keeps no more of it than the turn that it is in. */
export class TurnReader {
  readonly #stream: SseClient;
  #lastId: string;

  constructor(stream: SseClient) {
    this.#stream = stream;
    this.#lastId = stream.lastId;
  }

  /** The id of the last event. */
  get lastId(): string {
    return this.#stream.events.at(-1)?.id ?? this.#lastId;
  }

  /** Waits until there are so many pieces of audio, or the turn is over. @returns whether it is over */
  async untilPieces(count: number): Promise<boolean> {
    const { events } = this.#stream;
    await this.#stream.until(`${count} pieces`, () => events.some(endsTurn) || events.filter(isAudio).length >= count);
    return events.some(endsTurn);
  }

  /** Waits until there are so many events named `status`. */
  async untilStatuses(count: number): Promise<void> {
    const { events } = this.#stream;
    await this.#stream.until(
      `${count} statuses`,
      () => events.filter(({ event }) => event === 'status').length >= count,
    );
  }

  /** The next turn, whole. Here it is forgotten. */
  async turn(): Promise<HeardTurn> {
    await this.untilPieces(Number.POSITIVE_INFINITY);
    const { events } = this.#stream;
    this.#lastId = this.lastId;
    this.#stream.text = '';
    const turn = events.splice(0, events.findIndex(endsTurn) + 1);
    const told = turn.filter(({ event }) => event !== 'session' && event !== 'hb');
    return { ids: told.map(({ id = '' }) => id), lines: told.map(formatLine) };
  }

  close(): void {
    this.#stream.close();
  }
}

function endsTurn({ data }: SseEvent): boolean {
  return (data as PlainMessage).turn_complete === true;
}

/** Formats an event as a line. */
export function formatLine({ event, data }: SseEvent): string {
  if (event !== undefined) return `${event} ${JSON.stringify(data)}`;
  const message = data as PlainMessage;
  if (message.turn_complete) return 'turn_complete';
  if (message.interrupted) return 'interrupted';
  if (message.mime_type === 'audio/pcm') return readLabel(message.data ?? '');
  return `${message.is_transcript ? 'said' : 'wrote'} ${message.data}`;
}
