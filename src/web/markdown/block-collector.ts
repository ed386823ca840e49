import type { Block, List, ListItem } from './node.ts';

/** Collects blocks. An item of the same kind of list as the block before is added to that list. */
export class BlockCollector {
  readonly #blocks: Block[];
  /** Items of the last block, if this collector has made that list. */
  #items: ListItem[] | undefined;

  constructor(blocks: readonly Block[] = []) {
    this.#blocks = [...blocks];
  }

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  add(block: Block): void {
    const last = this.#blocks.at(-1);
    if (block.kind !== 'list') {
      this.#blocks.push(block);
      this.#items = undefined;
    } else if (last?.kind === 'list' && last.marker === block.marker) this.#continue(last, block);
    else this.#addList({ ...block, items: [...block.items] });
  }

  #continue(last: List, { items }: List): void {
    if (!this.#items) {
      this.#blocks.pop();
      this.#addList({ ...last, items: [...last.items] });
    }
    this.#items?.push(...items);
  }

  #addList(list: List & { items: ListItem[] }): void {
    this.#blocks.push(list);
    this.#items = list.items;
  }
}
