/** Finds the runs of backticks that end code, in linear time for the whole text. */
export class BacktickRuns {
  /** Positions of the runs, by their length, the last one first. */
  readonly #positions = new Map<number, number[]>();

  constructor(text: string) {
    for (const { 0: run, index } of text.matchAll(/`+/g)) {
      const known = this.#positions.get(run.length);
      if (known) known.push(index);
      else this.#positions.set(run.length, [index]);
    }
    for (const positions of this.#positions.values()) positions.reverse();
  }

  /** Finds the next run of that length. `from` must not decrease from call to call. */
  findNext(length: number, from: number): number | undefined {
    const positions = this.#positions.get(length) ?? [];
    while ((positions.at(-1) ?? from) < from) positions.pop();
    return positions.at(-1);
  }
}
