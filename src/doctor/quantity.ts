/** Formats a duration for a reader: `4 ms`, `252 ms`, `2.1 s`, `35 s`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.max(1, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  return `${seconds < 99.95 ? seconds.toFixed(1).replace(/\.0$/, '') : Math.round(seconds)} s`;
}

/** Formats a size in multiples of 1,024 bytes: `64 kB`, `2 MB`. */
export function formatSize(bytes: number): string {
  const kilo = bytes / 1_024;
  return kilo < 1_024 ? `${Math.round(kilo)} kB` : `${(kilo / 1_024).toFixed(1).replace(/\.0$/, '')} MB`;
}

/** Joins words: `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** Formats a status for the end of a phrase: ` (status 502)`, or '' for undefined. */
export function formatStatus(status: number | undefined): string {
  return status === undefined ? '' : ` (status ${status})`;
}
