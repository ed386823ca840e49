import type { ListedConversation } from './conversation-list.ts';
import type { DayGroup } from './day-groups.ts';

/** A line of the list: the title of a group, or a conversation. */
export type ListItem =
  | { readonly kind: 'day'; readonly key: string; readonly title: string }
  | { readonly kind: 'conversation'; readonly key: string; readonly row: ListedConversation; readonly place: number };

/** Heights of the lines, in rem: those of conversations.css. */
const HEIGHT_REM = { day: 2.5, conversation: 2.75 } as const;
/** Height above and below the view that is kept in the document, in pixels. */
const SPARE_PX = 400;

/** Places of the lines of a list, of which only the visible ones are in the document. */
export class ListLayout {
  readonly items: readonly ListItem[];
  /** Distance of each line from the top of the list, and of the end of the list, in pixels. */
  readonly #offsets: Float64Array;

  /** @param remPx size of a rem, in pixels */
  constructor(groups: readonly DayGroup<ListedConversation>[], remPx: number) {
    let place = 0;
    this.items = groups.flatMap(({ title, rows }): ListItem[] => [
      { kind: 'day', key: `day ${title}`, title },
      ...rows.map((row): ListItem => {
        place += 1;
        return { kind: 'conversation', key: row.id, row, place };
      }),
    ]);
    this.#offsets = new Float64Array(this.items.length + 1);
    let offset = 0;
    for (const [index, { kind }] of this.items.entries()) {
      this.#offsets[index] = offset;
      offset += HEIGHT_REM[kind] * remPx;
    }
    this.#offsets[this.items.length] = offset;
  }

  /** Height of the list, in pixels. */
  get height(): number {
    return this.getOffset(this.items.length);
  }

  /** Returns the distance of a line from the top of the list, in pixels. */
  getOffset(index: number): number {
    return this.#offsets[index] ?? 0;
  }

  /** @returns -1 if the list does not have the conversation */
  findIndex(id: string | undefined): number {
    return this.items.findIndex((item) => item.kind === 'conversation' && item.row.id === id);
  }

  /** Finds the lines from `start` up to, and without, `end` that belong in the document. */
  findRange(top: number, height: number): { readonly start: number; readonly end: number } {
    return {
      start: this.#findAt(top - SPARE_PX),
      end: Math.min(this.items.length, this.#findAt(top + height + SPARE_PX) + 1),
    };
  }

  /** Finds the next conversation from a line on. @returns the same line if there is none */
  findNext(from: number, step: 1 | -1): number {
    for (let index = from + step; index >= 0 && index < this.items.length; index += step)
      if (this.items[index]?.kind === 'conversation') return index;
    return from;
  }

  /** Finds the line at a distance from the top, by bisection. */
  #findAt(offset: number): number {
    let [low, high] = [0, Math.max(0, this.items.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.getOffset(middle) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
