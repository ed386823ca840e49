/** Height of a row that was never in the document, in pixels. */
const ESTIMATED_PX = 96;

/** A row of a list. Its id stays the same while its content changes. */
export interface Row {
  readonly id: number;
}

/** Heights of the rows of a list, and where each of them is. */
export class RowHeights {
  readonly #heights = new Map<number, number>();
  #rows: readonly Row[] = [];
  /** Distance of each row from the top of the list, and of the end of the list, in pixels. */
  #offsets: Float64Array | undefined;

  get count(): number {
    return this.#rows.length;
  }

  setRows(rows: readonly Row[]): void {
    if (rows === this.#rows) return;
    this.#rows = rows;
    this.#offsets = undefined;
    if (this.#heights.size > 2 * rows.length) this.#forgetOthers();
  }

  /** Stores the measured height of a row, in pixels. */
  setHeight(id: number, height: number): void {
    if (this.#heights.get(id) === height) return;
    this.#heights.set(id, height);
    this.#offsets = undefined;
  }

  /** Returns the distance of a row from the top of the list, in pixels. @param index may be the number of rows, for the end of the list */
  getOffset(index: number): number {
    return this.#getOffsets()[index] ?? 0;
  }

  getId(index: number): number | undefined {
    return this.#rows[index]?.id;
  }

  /** @returns -1 if there is no such row */
  findIndex(id: number): number {
    return this.#rows.findLastIndex((row) => row.id === id);
  }

  /** Finds the row at a distance from the top of the list, by bisection. Beyond the ends it is the first row or the last one. */
  findRowAt(offset: number): number {
    const offsets = this.#getOffsets();
    let [low, high] = [0, Math.max(0, this.#rows.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((offsets[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #getOffsets(): Float64Array {
    if (this.#offsets) return this.#offsets;
    const offsets = new Float64Array(this.#rows.length + 1);
    let offset = 0;
    for (const [index, { id }] of this.#rows.entries()) {
      offsets[index] = offset;
      offset += this.#heights.get(id) ?? ESTIMATED_PX;
    }
    offsets[this.#rows.length] = offset;
    this.#offsets = offsets;
    return offsets;
  }

  #forgetOthers(): void {
    const ids = new Set(this.#rows.map(({ id }) => id));
    for (const id of this.#heights.keys()) if (!ids.has(id)) this.#heights.delete(id);
  }
}
