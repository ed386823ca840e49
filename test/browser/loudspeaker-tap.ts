import type { Page } from 'playwright-core';

/**
 * Runs in the page before its own script: whatever is connected to a loudspeaker is connected to a recorder, too. A
 * ScriptProcessor, because a worklet's module would have to come from the server: the page's policy allows no other.
 * `heard.blocks` gets the level of every 10 ms; `heard.clickedAt` is the audio clock at the latest click on Interrupt.
 */
export const LOUDSPEAKER_TAP = `
  globalThis.heard = { blocks: [], clickedAt: 0 };
  const taps = new WeakMap();
  const connect = AudioNode.prototype.connect;
  function getTap(context) {
    if (taps.has(context)) return taps.get(context);
    const tap = context.createScriptProcessor(1024, 1, 1);
    const size = Math.round(context.sampleRate / 100);
    let sum = 0, count = 0;
    tap.onaudioprocess = ({ inputBuffer, playbackTime }) => {
      const samples = inputBuffer.getChannelData(0);
      for (let i = 0; i < samples.length; i++) {
        sum += samples[i] ** 2;
        if (++count === size) {
          heard.blocks.push({ at: playbackTime + i / context.sampleRate, level: Math.sqrt(sum / size) });
          sum = count = 0;
        }
      }
    };
    addEventListener('click', ({ target }) => {
      if (target.closest('.interrupt')) heard.clickedAt = context.currentTime;
    }, true);
    taps.set(context, tap);
    connect.call(tap, context.destination);
    return tap;
  }
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) connect.call(this, getTap(this.context));
    return connect.call(this, target, ...rest);
  };
`;

export interface Heard {
  readonly blocks: readonly { at: number; level: number }[];
  readonly clickedAt: number;
}

/** Returns the audio that the page has played. */
export function readLoudspeaker(page: Page): Promise<Heard> {
  return page.evaluate<Heard>('heard');
}

/** Below this nobody hears anything. */
export const AUDIBLE = 0.005;

/** Returns the duration of audible sound, in seconds. */
export function audibleSeconds({ blocks }: Heard): number {
  return blocks.filter(({ level }) => level > AUDIBLE).length / 100;
}
