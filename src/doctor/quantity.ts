/** A time as a reader takes it in: `4 ms`, `252 ms`, `2.1 s`, `35 s`. */
export function time(ms: number): string {
  if (ms < 999.5) return `${Math.max(1, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  return `${seconds < 99.95 ? seconds.toFixed(1).replace(/\.0$/, '') : Math.round(seconds)} s`;
}

/** `64 kB`, `2 MB`: whole numbers of 1024. */
export function size(bytes: number): string {
  const kilo = bytes / 1_024;
  return kilo < 1_024 ? `${Math.round(kilo)} kB` : `${(kilo / 1_024).toFixed(1).replace(/\.0$/, '')} MB`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** ` (status 502)`, or nothing. */
export function withStatus(status: number | undefined): string {
  return status === undefined ? '' : ` (status ${status})`;
}
