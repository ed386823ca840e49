/** Largest number of edits for which two names count as similar. */
const MAX_EDITS = 2;

/** Finds the name that was probably meant. @returns undefined if no name is similar */
export function findSimilar(given: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, edits: countEdits(given, name) }))
    .filter(({ name, edits }) => edits <= Math.min(MAX_EDITS, name.length - 2))
    .toSorted((one, other) => one.edits - other.edits);
  return best?.name;
}

/** Counts the insertions, deletions, replacements and swaps of neighbours that turn one text into another. */
function countEdits(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const above = rows[i - 1] ?? [];
      const isSame = from[i - 1] === to[j - 1];
      let edits = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) edits = Math.min(edits, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    rows.push(row);
  }
  return rows[from.length]?.[to.length] ?? 0;
}
