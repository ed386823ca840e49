/** RMS that counts as loud. Speech seldom comes near full scale. */
const FULL = 0.25;
/** Level that counts as silence, in dB relative to FULL: a room's noise after noise suppression. */
const FLOOR_DB = -36;

/** Converts a level to a loudness, 0 to 1, on a logarithmic scale: equal ratios sound like equal steps. */
export function toLoudness(level: number): number {
  const decibels = level > 0 ? 20 * Math.log10(level / FULL) : FLOOR_DB;
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}
