import type { AgentEvent } from '../../wire/agent-event.ts';
import { BoundedMap } from '../../wire/bounded-map.ts';
import { keepEnd } from '../../wire/keep-end.ts';

/** Maximum number of authors with an open turn. Beyond it the turn that was opened first counts as over. */
const MAX_OPEN_TURNS = 100;

/** Number of characters at the end of a reply in progress that are always kept. At twice this length, the beginning is discarded. */
const MAX_REPLY_TEXT = 256 * 1024;

/** A turn that has begun and is not complete. */
interface OpenTurn {
  readonly number: number;
  /** False while only an interruption was reported: the author has not said anything. */
  replying: boolean;
  /** End of the reply that no event has repeated as a whole yet. */
  text: string;
}

/**
 * Follows the turns of each author in one log. Several agents may speak in the same log at the same time: each has a turn of its own, with
 * its own number.
 *
 * A turn begins with the first event of a reply and ends with `turnComplete`. Numbers count from 1 in the order in which turns begin. An
 * event between two turns belongs to the next one.
 */
export class TurnTracker {
  readonly #open = new BoundedMap<string, OpenTurn>(MAX_OPEN_TURNS);
  #lastNumber = 0;

  /** Whether any reply has begun and is not complete. */
  get midTurn(): boolean {
    for (const { replying } of this.#open.values()) if (replying) return true;
    return false;
  }

  /** Authors whose reply has begun and is not complete. */
  get speakers(): readonly string[] {
    return [...this.#open].flatMap(([author, { replying }]) => (replying ? [author] : []));
  }

  /** Text of each reply in progress, without the text that a complete event has already repeated: that is in the store. May be '', as after a call. */
  get repliesSoFar(): readonly string[] {
    return [...this.#open.values()].flatMap(({ replying, text }) => (replying ? [text] : []));
  }

  /**
   * Follows one event of the log.
   * @param event `undefined` for an entry that no author made
   * @returns the number of the turn that the entry belongs to
   */
  apply(event: AgentEvent | undefined): number {
    if (!event || event.author === 'user') return this.#currentNumber();
    const { author } = event;
    const startsReply = isReply(event);
    let turn = this.#open.get(author);
    if (!turn) {
      if (!startsReply && !event.interrupted && !event.turnComplete) return this.#currentNumber();
      turn = this.#begin(author);
    }
    turn.replying ||= startsReply;
    turn.text = keepEnd(followText(turn.text, event), MAX_REPLY_TEXT);
    if (event.turnComplete) this.#open.delete(author);
    else this.#followTransfer(author, turn, event);
    return turn.number;
  }

  #begin(author: string): OpenTurn {
    this.#lastNumber += 1;
    const turn: OpenTurn = { number: this.#lastNumber, replying: false, text: '' };
    this.#open.set(author, turn);
    return turn;
  }

  /** An agent that transfers to another one ends no turn of its own: the other agent continues the same reply. */
  #followTransfer(author: string, turn: OpenTurn, { actions }: AgentEvent): void {
    const next = actions?.transferToAgent;
    if (typeof next !== 'string' || next === author || this.#open.has(next)) return;
    this.#open.delete(author);
    this.#open.set(next, turn);
  }

  /** Number of the newest open turn, or of the turn that will begin next. */
  #currentNumber(): number {
    if (this.#open.size === 0) return this.#lastNumber + 1;
    let newest = 0;
    for (const { number } of this.#open.values()) newest = Math.max(newest, number);
    return newest;
  }
}

/** Whether an event is part of a reply. A saved file is part of a reply that is already over. */
export function isReply({ content, outputTranscription }: AgentEvent): boolean {
  const isFile = content?.parts?.every(({ fileData }) => fileData) ?? false;
  return (content?.role === 'model' && !isFile) || outputTranscription !== undefined;
}

/** @returns the text of the reply that no event has repeated as a whole, after `event` */
function followText(soFar: string, { content, partial, outputTranscription: spoken }: AgentEvent): string {
  let text = soFar;
  if (spoken) text = spoken.finished ? '' : text + spoken.text;
  let written = '';
  for (const part of content?.parts ?? []) if (part.text && !part.thought) written += part.text;
  if (written !== '') text = partial ? text + written : '';
  return text;
}
