import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { callMessages } from '../messages/call.ts';

/** RMS that counts as loud. Speech seldom comes near full scale. */
const FULL = 0.25;
/** Level that counts as silence, in dB relative to FULL: a room's noise after noise suppression. */
const FLOOR_DB = -36;

export interface CallSideProps {
  readonly name: string;
  readonly side: 'you' | 'agent';
  /** Root mean square of the voice, 0 to 1. */
  readonly level: ReadonlySignal<number>;
  readonly children: ComponentChildren;
}

/** One side of a call, with a halo that grows with the voice. */
export function CallSide({ name, side, level, children }: CallSideProps) {
  const loudness = toLoudness(level.value);
  return (
    <div class="call-side" data-side={side} style={{ '--level': loudness.toFixed(2) }}>
      <div class="avatar" aria-hidden="true">
        {children}
      </div>
      <meter
        class="visually-hidden"
        data-testid={side === 'you' ? 'microphone-level' : 'agent-level'}
        aria-label={callMessages.value.level(name)}
        value={loudness}
      />
      <span class="call-name" aria-hidden="true">
        {name}
      </span>
    </div>
  );
}

/** Heights of the bars of one side, from the outside to the middle. Fixed, so that a steady voice has a shape. */
const BARS = [0.45, 0.8, 0.6, 1, 0.7, 0.95, 0.55, 0.75, 0.4, 0.55, 0.3, 0.2];

/** Both voices as bars that run from each side to the middle. */
export function CallWave({
  you,
  agent,
}: {
  readonly you: ReadonlySignal<number>;
  readonly agent: ReadonlySignal<number>;
}) {
  return (
    <div class="wave" aria-hidden="true">
      <WaveSide side="you" level={you} />
      <WaveSide side="agent" level={agent} />
    </div>
  );
}

function WaveSide({ side, level }: Pick<CallSideProps, 'side' | 'level'>) {
  return (
    <div class="wave-side" data-side={side} style={{ '--level': toLoudness(level.value).toFixed(2) }}>
      {BARS.map((height, place) => (
        <i key={height * 100 + place} style={{ '--height': height, '--place': place }} />
      ))}
    </div>
  );
}

/** Converts a level to a loudness, 0 to 1, on a logarithmic scale: equal ratios sound like equal steps. */
function toLoudness(level: number): number {
  const decibels = level > 0 ? 20 * Math.log10(level / FULL) : FLOOR_DB;
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}
