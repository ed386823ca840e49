import type { AgentEvent } from '../wire/agent-event.ts';

export interface EventWindowLimits {
  /** Maximum number of events. */
  readonly events: number;
  /** Maximum size of the events, in characters of their JSON text. */
  readonly characters: number;
}

/** Size of an event: characters of its JSON text. In memory, V8 needs up to 1.6 bytes a character (measured). */
export function measureEvent(event: AgentEvent): number {
  return JSON.stringify(event).length;
}

export interface SizedEvent {
  readonly event: AgentEvent;
  readonly characters: number;
}

/** Number of dropped places after which the list is compacted. Compacting for each dropped event would move thousands of entries each time. */
const COMPACT_AFTER = 256;

/** The newest events of one conversation. At a limit it drops the oldest events, and sets `truncated`; the newest event always stays. */
export class EventWindow {
  readonly #limits: EventWindowLimits;
  /** Oldest first. The first `#dropped` places are empty. */
  readonly #entries: (SizedEvent | undefined)[] = [];
  #dropped = 0;
  #characters = 0;
  /** Number of places from the first, empty ones included, that a summary covers. */
  #summarized = 0;
  /** Size of the events that no summary covers. */
  #unsummarizedCharacters = 0;
  truncated = false;

  constructor(limits: EventWindowLimits) {
    this.#limits = limits;
  }

  /** Number of events. */
  get length(): number {
    return this.#entries.length - this.#dropped;
  }

  /** Size of all events, in characters. */
  get characters(): number {
    return this.#characters;
  }

  /** Events that no summary covers. */
  get unsummarized(): EventWindowLimits {
    const events = this.#entries.length - Math.max(this.#summarized, this.#dropped);
    return { events, characters: this.#unsummarizedCharacters };
  }

  /** A summary covers the events up to this one. An event that is not in the window changes nothing. */
  markSummarized(id: string): void {
    const last = this.#entries.findLastIndex((entry) => entry?.event.id === id);
    if (last >= this.#summarized) this.#setSummarized(last + 1);
  }

  #setSummarized(count: number): void {
    this.#summarized = count;
    this.#unsummarizedCharacters = sumCharacters(this.#entries.slice(count));
  }

  /**
   * Returns a copy of the newest events, oldest first.
   * @param count maximum number of events. Default: all
   * @param characters maximum size of the events. The newest one is returned whatever its size. Default: no limit
   */
  list(count = this.length, characters = Number.POSITIVE_INFINITY): AgentEvent[] {
    const oldest = Math.max(this.#dropped, this.#entries.length - count);
    let first = this.#entries.length;
    for (let size = 0; first > oldest; first -= 1) {
      size += this.#entries[first - 1]?.characters ?? 0;
      if (size > characters && first < this.#entries.length) break;
    }
    return this.#entries.slice(first).flatMap((entry) => entry?.event ?? []);
  }

  /** @param characters size of the event, from `measureEvent` @returns the events that were dropped for it */
  append(event: AgentEvent, characters = measureEvent(event)): AgentEvent[] {
    this.#entries.push({ event, characters });
    this.#characters += characters;
    this.#unsummarizedCharacters += characters;
    return this.trim(this.#limits.characters);
  }

  /** Removes events. */
  remove(ids: ReadonlySet<string>): void {
    const isKept = (entry: SizedEvent | undefined) => entry !== undefined && !ids.has(entry.event.id);
    const summarized = this.#entries.slice(0, this.#summarized).filter(isKept).length;
    const kept = this.#entries.filter(isKept);
    this.#entries.splice(0, this.#entries.length, ...kept);
    this.#dropped = 0;
    this.#characters = sumCharacters(kept);
    this.#setSummarized(summarized);
  }

  /** Drops the oldest events until the rest has at most `characters`. @returns the events that were dropped */
  trim(characters: number): AgentEvent[] {
    const dropped: AgentEvent[] = [];
    while (this.length > 1 && (this.length > this.#limits.events || this.#characters > characters)) {
      const oldest = this.#entries[this.#dropped];
      this.#entries[this.#dropped] = undefined;
      if (this.#dropped >= this.#summarized) this.#unsummarizedCharacters -= oldest?.characters ?? 0;
      this.#dropped += 1;
      this.#characters -= oldest?.characters ?? 0;
      if (oldest) dropped.push(oldest.event);
    }
    if (dropped.length > 0) this.truncated = true;
    if (this.#dropped > COMPACT_AFTER && this.#dropped * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#dropped);
      this.#summarized = Math.max(0, this.#summarized - this.#dropped);
      this.#dropped = 0;
    }
    return dropped;
  }
}

function sumCharacters(entries: readonly (SizedEvent | undefined)[]): number {
  return entries.reduce((sum, entry) => sum + (entry?.characters ?? 0), 0);
}
