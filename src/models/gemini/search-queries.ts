/** Maximum number of queries that are distinguished in one turn. Further ones are not counted. */
const MAX_QUERIES = 1_000;

/**
 * Search queries that the model ran and that no usage has reported. Gemini bills each, and reports them only in its grounding metadata, which may
 * come several times in a turn.
 */
export class SearchQueries {
  /** Queries of the current turn. */
  #known = new Set<string>();
  #unreported = 0;

  /** @param metadata grounding metadata as the provider sent it */
  add({ webSearchQueries }: Readonly<Record<string, unknown>>): void {
    if (!Array.isArray(webSearchQueries)) return;
    for (const query of webSearchQueries) {
      if (typeof query !== 'string' || this.#known.has(query) || this.#known.size >= MAX_QUERIES) continue;
      this.#known.add(query);
      this.#unreported += 1;
    }
  }

  /** @returns the number of queries since the last report, which are reported now */
  report(): number {
    const count = this.#unreported;
    this.#unreported = 0;
    return count;
  }

  /** The turn is over: the same query is another one from now on. */
  onTurnEnd(): void {
    if (this.#known.size > 0) this.#known = new Set();
  }
}
