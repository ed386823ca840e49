/** Speech seldom comes near full scale: this much RMS fills the meter. */
const FULL = 0.25;
/** The least that is shown of full scale: what remains of a room's noise after its suppression. dB */
const FLOOR_DB = -36;
/** How high each bar stands at full level; the lowest is what is seen of silence. */
const SHAPE = [0.4, 0.7, 1, 0.8, 0.55, 0.35];
const SILENT_HEIGHT = 0.16;

export function LevelMeter({ label, level, testId }: { label: string; level: number; testId: string }) {
  // By ear: equal steps are equal ratios.
  const decibels = level > 0 ? 20 * Math.log10(level / FULL) : FLOOR_DB;
  const filled = Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
  return (
    <div class="meter" data-quiet={filled === 0}>
      <span aria-hidden="true">{label}</span>
      <meter class="visually-hidden" data-testid={testId} aria-label={`${label}: level`} value={filled} />
      <span class="bars" aria-hidden="true">
        {SHAPE.map((height) => (
          <i key={height} style={{ transform: `scaleY(${Math.max(SILENT_HEIGHT, filled * height)})` }} />
        ))}
      </span>
    </div>
  );
}
