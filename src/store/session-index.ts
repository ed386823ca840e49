import { compareForList, type ListPosition } from './list-cursor.ts';

/** Sessions of one user in the order of their list. A page costs the same, however many there are. */
export class SessionIndex<Item extends ListPosition> {
  /** Oldest first: the newest session, which changes most often, is moved at the end of the array. */
  readonly #items: Item[] = [];

  get length(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    this.#items.splice(this.#findPlace(item), 0, item);
  }

  /** Removes an item, whose position is still that with which it was added. */
  remove(item: Item): void {
    const place = this.#findPlace(item);
    if (this.#items[place] === item) this.#items.splice(place, 1);
  }

  /** Lists sessions, newest first. @param after the list begins behind this position. Default: at the newest */
  listNewest(limit: number, after?: ListPosition): Item[] {
    const end = after ? this.#findPlace(after) : this.#items.length;
    return this.#items.slice(Math.max(0, end - limit), end).reverse();
  }

  listOldest(limit: number): Item[] {
    return this.#items.slice(0, limit);
  }

  /** Finds the place of the first item that is not older than a position. */
  #findPlace(position: ListPosition): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.#items[middle];
      if (item && compareForList(item, position) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
