import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { callMessages } from '../messages/call.ts';
import { toLoudness } from './loudness.ts';

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
