/** Limits of a space that many users share. */
export interface SpaceLimits {
  /** Maximum number of items. */
  readonly items: number;
  /** Maximum size of all items. */
  readonly size: number;
  /** Maximum size of the items of one owner. */
  readonly ownerSize: number;
}

interface Entry<Item> {
  readonly item: Item;
  readonly owner: Owner<Item>;
  size: number;
}

interface Owner<Item> {
  readonly name: string;
  /** Items of this owner, least recently put first. */
  readonly entries: Map<string, Entry<Item>>;
  size: number;
}

/**
 * Items of many users, of which the oldest are deleted when there are too many. Whoever has more than an equal share loses items first: a user who
 * fills the space has only their own items forgotten, as long as the others have less than an equal share.
 */
export class SharedSpace<Item> {
  readonly #onDelete: (item: Item) => void;
  /** All items, least recently put first. */
  readonly #entries = new Map<string, Entry<Item>>();
  readonly #owners = new Map<string, Owner<Item>>();
  #size = 0;

  /** @param onDelete called for each item that `evict` deletes */
  constructor(onDelete: (item: Item) => void = () => {}) {
    this.#onDelete = onDelete;
  }

  /** Number of items. */
  get length(): number {
    return this.#entries.size;
  }

  /** Size of all items. */
  get size(): number {
    return this.#size;
  }

  get(name: string): Item | undefined {
    return this.#entries.get(name)?.item;
  }

  /** Returns all items of one owner, least recently put first. */
  listOwned(owner: string): Item[] {
    return Array.from(this.#owners.get(owner)?.entries.values() ?? [], ({ item }) => item);
  }

  /** Returns the number and the size of the items of one owner. */
  measureOwner(name: string): { readonly items: number; readonly size: number } {
    const owner = this.#owners.get(name);
    return { items: owner?.entries.size ?? 0, size: owner?.size ?? 0 };
  }

  /** Returns the size of an item. */
  measure(name: string): number {
    return this.#entries.get(name)?.size ?? 0;
  }

  /** Puts an item, which is the newest now. It takes the place of an item with the same name. */
  put(name: string, ownerName: string, item: Item, size: number): void {
    this.delete(name);
    const owner = this.#owners.get(ownerName) ?? { name: ownerName, entries: new Map(), size: 0 };
    const entry = { item, owner, size };
    this.#entries.set(name, entry);
    this.#owners.set(ownerName, owner);
    owner.entries.set(name, entry);
    owner.size += size;
    this.#size += size;
  }

  /** @returns whether there was such an item */
  delete(name: string): boolean {
    const entry = this.#entries.get(name);
    if (!entry) return false;
    const { owner, size } = entry;
    this.#entries.delete(name);
    owner.entries.delete(name);
    owner.size -= size;
    this.#size -= size;
    if (owner.entries.size === 0) this.#owners.delete(owner.name);
    return true;
  }

  /**
   * Deletes items until all limits are kept: of an owner above `ownerSize` the oldest ones, then the oldest ones of owners who have at least an
   * equal share.
   * @param newest name of the item that was put last. It stays, whatever its size
   */
  evict({ items, size, ownerSize }: SpaceLimits, newest: string): void {
    const owner = this.#entries.get(newest)?.owner;
    while (owner && owner.size > ownerSize && this.#evictOldest(owner.entries, newest));
    while (this.#size > size) {
      if (!this.#evictFrom(newest, (each) => each.size * this.#owners.size >= this.#size)) break;
    }
    while (this.#entries.size > items) {
      if (!this.#evictFrom(newest, (each) => each.entries.size * this.#owners.size >= this.#entries.size)) break;
    }
  }

  /** Deletes the oldest item of an owner who has a large share, or the oldest of all. @returns false if only the newest item is left */
  #evictFrom(newest: string, hasLargeShare: (owner: Owner<Item>) => boolean): boolean {
    const own = this.#entries.get(newest)?.owner;
    // Usually the user who adds something is the one who has too much.
    if (own && hasLargeShare(own) && this.#evictOldest(own.entries, newest)) return true;
    for (const [name, { owner }] of this.#entries) {
      if (name === newest || !hasLargeShare(owner)) continue;
      this.#evict(name);
      return true;
    }
    return this.#evictOldest(this.#entries, newest);
  }

  #evictOldest(entries: ReadonlyMap<string, Entry<Item>>, newest: string): boolean {
    for (const name of entries.keys()) {
      if (name === newest) continue;
      this.#evict(name);
      return true;
    }
    return false;
  }

  #evict(name: string): void {
    const item = this.get(name);
    this.delete(name);
    if (item !== undefined) this.#onDelete(item);
  }
}
