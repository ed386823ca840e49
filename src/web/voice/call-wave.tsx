import type { ReadonlySignal } from '@preact/signals';
import { toLoudness } from './loudness.ts';

/** Heights of the bars of one side, from the outside to the middle. Fixed, so that a steady voice has a shape; each once. */
const BARS = [0.45, 0.8, 0.6, 1, 0.7, 0.95, 0.56, 0.75, 0.4, 0.55, 0.3, 0.2];

interface CallWaveProps {
  readonly you: ReadonlySignal<number>;
  readonly agent: ReadonlySignal<number>;
}

/** Both voices as bars that run from each side to the middle. */
export function CallWave({ you, agent }: CallWaveProps) {
  return (
    <div class="wave" aria-hidden="true">
      <WaveSide side="you" level={you} />
      <WaveSide side="agent" level={agent} />
    </div>
  );
}

function WaveSide({ side, level }: { readonly side: 'you' | 'agent'; readonly level: ReadonlySignal<number> }) {
  return (
    <div class="wave-side" data-side={side} style={{ '--level': toLoudness(level.value).toFixed(2) }}>
      {BARS.map((height, place) => (
        <i key={height} style={{ '--height': height, '--place': place }} />
      ))}
    </div>
  );
}
