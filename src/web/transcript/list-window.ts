import { signal } from '@preact/signals';
import { type Row, RowHeights } from './row-heights.ts';

/** Maximum distance from the end at which the view still follows new text, in pixels. */
const NEAR_PX = 48;
/** Least height of the rows that are kept in the document above and below the visible ones, in pixels. */
const MIN_OVERSCAN_PX = 600;
/** Number of rows that are rendered before the height of the view is known. */
const FIRST_ROWS = 20;

/**
 * Whether the browser keeps in place what is read while rows above change. Safari does not. Where the browser does, the list leaves the position
 * alone, because a change of it by script would end a scroll that goes on.
 */
const BROWSER_ANCHORS = globalThis.CSS?.supports('overflow-anchor', 'auto') ?? false;

/** Rows from `start` up to, and without, `end`. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part of a long list that is in the document: the rows that are visible, about a screen above and below them, and the row with the keyboard's
 * focus. Spacers stand for the others. The view follows the end of the list until the user scrolls up. Otherwise the row at the top of the view
 * stays where it is, whatever the rows above turn out to measure.
 *
 * In the document a row has `data-row`, its id, and a spacer has `data-from` and `data-to`, indexes of rows.
 */
export class ListWindow {
  /** Whether the view follows the end of the list. */
  readonly follows = signal(true);

  readonly #onRangeChange: () => void;
  readonly #heights = new RowHeights();
  #scroller: HTMLElement | undefined;
  #range: RowRange = { start: 0, end: 0 };
  /** Row at the top of the view, and the distance of the row from the top, in pixels. */
  #anchor: { readonly id: number; readonly distance: number } | undefined;
  #scrollTop = 0;

  /** @param onRangeChange called when other rows are to be rendered */
  constructor(onRangeChange: () => void) {
    this.#onRangeChange = onRangeChange;
  }

  /** Starts to watch the element that scrolls, and its content. @returns a function that stops that */
  attach(scroller: HTMLElement): () => void {
    this.#scroller = scroller;
    const observer = new ResizeObserver(() => this.layout());
    observer.observe(scroller);
    for (const content of scroller.children) observer.observe(content);
    return () => observer.disconnect();
  }

  setRows(rows: readonly Row[]): void {
    this.#heights.setRows(rows);
    const { count } = this.#heights;
    const { start, end } = this.#range;
    const isFar = !this.#scroller || count < end || count - end > FIRST_ROWS;
    if (!this.follows.peek()) this.#range = { start: Math.min(start, count), end: Math.min(end, count) };
    else this.#range = { start: isFar ? Math.max(0, count - FIRST_ROWS) : start, end: count };
  }

  /** The rows to render, in order. */
  get ranges(): readonly RowRange[] {
    const focused = this.#findFocusedRow();
    const range = this.#range;
    if (focused === -1 || (focused >= range.start && focused < range.end)) return [range];
    const pinned = { start: focused, end: focused + 1 };
    return focused < range.start ? [pinned, range] : [range, pinned];
  }

  /** Measures what is in the document, and corrects the spacers and the position. Call it after each render. */
  layout(): void {
    const scroller = this.#scroller;
    if (!scroller || scroller.clientHeight === 0) return;
    for (const row of scroller.querySelectorAll<HTMLElement>('[data-row]')) {
      this.#heights.setHeight(Number(row.dataset.row), row.getBoundingClientRect().height);
    }
    for (const spacer of scroller.querySelectorAll<HTMLElement>('[data-from]')) {
      const [from, to] = [Number(spacer.dataset.from), Number(spacer.dataset.to)];
      spacer.style.height = `${this.#heights.getOffset(to) - this.#heights.getOffset(from)}px`;
    }
    // The first screen, without rows, is read from its top.
    if (this.#heights.count === 0) this.#scrollTo(0);
    else if (this.follows.peek()) this.#scrollTo(scroller.scrollHeight);
    else if (!BROWSER_ANCHORS) this.#restoreAnchor(scroller);
    this.#updateRange(scroller);
  }

  handleScroll(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    // Text that arrives moves the end away, but only the user moves the view up.
    const isScrolledUp = scrollTop < this.#scrollTop;
    this.#scrollTop = scrollTop;
    if (isNear || isScrolledUp) this.follows.value = isNear;
    if (!BROWSER_ANCHORS) this.#rememberAnchor(scroller);
    this.#updateRange(scroller);
  }

  /** Jumps to the end or to the start. The browser would scroll to where the end was before the last rows were measured. */
  handleKey(event: KeyboardEvent): void {
    if (event.target !== this.#scroller || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.key === 'End') this.follow();
    else if (event.key === 'Home') this.#scroller?.scrollTo({ top: 0 });
    else return;
    event.preventDefault();
  }

  /** Follows the end from now on. */
  follow(): void {
    this.follows.value = true;
    this.layout();
  }

  #scrollTo(top: number): void {
    if (!this.#scroller) return;
    this.#scroller.scrollTop = top;
    this.#scrollTop = this.#scroller.scrollTop;
  }

  #rememberAnchor(scroller: HTMLElement): void {
    const top = scroller.scrollTop - findListTop(scroller);
    const index = this.#heights.findRowAt(top);
    const id = this.#heights.getId(index);
    this.#anchor = id === undefined ? undefined : { id, distance: this.#heights.getOffset(index) - top };
  }

  #restoreAnchor(scroller: HTMLElement): void {
    const index = this.#anchor ? this.#heights.findIndex(this.#anchor.id) : -1;
    if (!this.#anchor || index === -1) return;
    const top = findListTop(scroller) + this.#heights.getOffset(index) - this.#anchor.distance;
    if (Math.abs(top - scroller.scrollTop) >= 1) this.#scrollTo(top);
  }

  #updateRange(scroller: HTMLElement): void {
    const overscan = Math.max(MIN_OVERSCAN_PX, scroller.clientHeight);
    const needed = this.#findRange(scroller, overscan / 2);
    const wanted = this.#findRange(scroller, overscan);
    const { start, end } = this.#range;
    const isCovered = needed.start >= start && needed.end <= end;
    if (isCovered && end - start <= 2 * (wanted.end - wanted.start)) return;
    this.#range = wanted;
    this.#onRangeChange();
  }

  #findRange(scroller: HTMLElement, overscan: number): RowRange {
    if (this.#heights.count === 0) return { start: 0, end: 0 };
    const top = scroller.scrollTop - findListTop(scroller);
    const start = this.#heights.findRowAt(top - overscan);
    return { start, end: this.#heights.findRowAt(top + scroller.clientHeight + overscan) + 1 };
  }

  #findFocusedRow(): number {
    const focused = document.activeElement?.closest<HTMLElement>('[data-row]');
    return focused ? this.#heights.findIndex(Number(focused.dataset.row)) : -1;
  }
}

/** Returns the distance of the first row from the top of what scrolls, in pixels. */
function findListTop(scroller: HTMLElement): number {
  return scroller.querySelector<HTMLElement>('[data-from="0"]')?.offsetTop ?? 0;
}
