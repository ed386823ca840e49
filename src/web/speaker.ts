import { decodeBase64 } from './base64.ts';
import type { PlaybackStats } from './playback-buffer.ts';

/** What the playback worklet is told; bytes are PCM16 at 24 kHz. */
export type SpeakerCommand = Uint8Array<ArrayBuffer> | 'flush' | 'end-turn';

/** The agent's voice: from base64 to the loudspeaker. */
export class Speaker {
  readonly #context: AudioContext;
  readonly #node: AudioWorkletNode;
  #stats: PlaybackStats = { bufferedMs: 0, playedMs: 0, playing: false, underruns: 0, level: 0 };

  /** The context has the playback worklet. */
  constructor(context: AudioContext, onStats: (stats: PlaybackStats) => void) {
    this.#context = context;
    this.#node = new AudioWorkletNode(context, 'playback', { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.port.onmessage = ({ data: stats }: MessageEvent<PlaybackStats>) => {
      this.#stats = stats;
      onStats(stats);
    };
    this.#node.connect(context.destination);
  }

  play(base64: string): void {
    const bytes = decodeBase64(base64);
    this.#tell(bytes, [bytes.buffer]);
  }

  endTurn(): void {
    this.#tell('end-turn');
  }

  flush(): void {
    this.#tell('flush');
  }

  /** How much of the answer the user has heard: what was rendered, without what is still on its way to the ear. ms */
  heardMs(): number {
    return Math.max(0, Math.round(this.#stats.playedMs - (this.#context.outputLatency || 0) * 1000));
  }

  #tell(command: SpeakerCommand, transfer: Transferable[] = []): void {
    this.#node.port.postMessage(command, transfer);
  }
}
