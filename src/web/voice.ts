import { Microphone, type MicrophoneOptions, openMicrophone } from './microphone.ts';
import type { PlaybackStats } from './playback-buffer.ts';
import { Speaker } from './speaker.ts';

export interface VoiceOptions extends MicrophoneOptions {
  readonly onStats: (stats: PlaybackStats) => void;
  /** The browser has put the sound to sleep (a phone call, a locked screen), or woken it up. */
  readonly onAsleep: (asleep: boolean) => void;
}

export interface Voice {
  readonly microphone: Pick<Microphone, 'muted'>;
  readonly speaker: Pick<Speaker, 'play' | 'endTurn' | 'flush' | 'heardMs'>;
  /** From a click, after `onAsleep(true)`. */
  wake(): void;
  stop(): void;
}

/**
 * Microphone and loudspeaker on one AudioContext, at the hardware's rate: a context of another rate is refused by Firefox and
 * ignored by some Safaris. To be called in a click: without one the browser keeps the context asleep.
 */
export async function startVoice(options: VoiceOptions): Promise<Voice> {
  const context = new AudioContext({ latencyHint: 'interactive' });
  const opened = openMicrophone();
  try {
    await Promise.all([
      opened,
      context.resume(),
      context.audioWorklet.addModule('static/capture-worklet.js'),
      context.audioWorklet.addModule('static/playback-worklet.js'),
    ]);
    const microphone = new Microphone(context, await opened, options);
    const speaker = new Speaker(context, options.onStats);
    const wake = () => void context.resume();
    // Only 'suspended': resuming while another app holds the sound ('interrupted' on iOS) leaves a context that stays mute.
    context.onstatechange = () => options.onAsleep(context.state === 'suspended');
    return {
      microphone,
      speaker,
      wake,
      stop() {
        context.onstatechange = null;
        microphone.stop();
        void context.close();
      },
    };
  } catch (error) {
    void opened
      .then((stream) =>
        stream.getTracks().forEach((track) => {
          track.stop();
        }),
      )
      .catch(() => undefined);
    void context.close();
    throw error;
  }
}
