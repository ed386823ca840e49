import type { RecordedClip, Side } from './recorded-clips.ts';

/** Speech on the timeline of a recording. */
export interface PlacedClip {
  readonly clip: RecordedClip;
  /** In samples of the recording. */
  readonly start: number;
  readonly length: number;
}

export interface Timeline {
  readonly sides: Readonly<Record<Side, readonly PlacedClip[]>>;
  /** In samples. */
  readonly length: number;
}

/** Maximum length of a pause in which nobody is recorded, in seconds. Longer ones are shortened. */
const MAX_PAUSE_S = 5;

/**
 * Places the speech of both sides on one timeline, by the times at which it was spoken. Speech of one side does not overlap: a reply that was received
 * while the one before still sounded begins after that one.
 * @param clips in the order of their starts
 * @param rate sample rate of the timeline, in Hz
 * @param maxLength in samples; speech beyond it is left out
 */
export function createTimeline(clips: readonly RecordedClip[], rate: number, maxLength: number): Timeline {
  const sides: Record<Side, PlacedClip[]> = { user: [], agent: [] };
  const ends: Record<Side, number> = { user: 0, agent: 0 };
  /** Time that the pauses were shortened by, so that the first clip begins at 0. */
  let skipped = clips[0]?.startedAt ?? 0;
  let length = 0;
  for (const clip of clips) {
    const pause = clip.startedAt - skipped - length / rate;
    if (pause > MAX_PAUSE_S) skipped += pause - MAX_PAUSE_S;
    const start = Math.max(Math.round((clip.startedAt - skipped) * rate), ends[clip.side]);
    const end = Math.min(start + Math.round(clip.duration * rate), maxLength);
    if (end <= start) continue;
    sides[clip.side].push({ clip, start, length: end - start });
    ends[clip.side] = end;
    length = Math.max(length, end);
  }
  return { sides, length };
}
