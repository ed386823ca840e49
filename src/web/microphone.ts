import type { CaptureFrame } from './capture-framer.ts';

/** 100 ms go into one POST: shorter is mostly HTTP headers, longer is heard as delay. */
const FRAMES_PER_BATCH = 5;

export interface MicrophoneOptions {
  readonly onAudio: (pieces: readonly Int16Array[]) => void;
  /** 0..1, ten times a second. */
  readonly onLevel: (level: number) => void;
  /** Unplugged, or taken away by the browser. */
  readonly onLost: () => void;
}

export function openMicrophone(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    audio: { channelCount: { ideal: 1 }, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
}

/**
 * From the microphone to batches of PCM16 at 16 kHz. Driven by the worklet's messages alone: a timer would slow down to one tick
 * a second when the tab is hidden.
 */
export class Microphone {
  readonly #stream: MediaStream;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #node: AudioWorkletNode;
  readonly #options: MicrophoneOptions;
  #frames: CaptureFrame[] = [];
  #muted = false;

  /** The context has the capture worklet. */
  constructor(context: AudioContext, stream: MediaStream, options: MicrophoneOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#source = context.createMediaStreamSource(stream);
    // Without an output that is connected some browsers do not run the node; it writes none, so what goes there is silence.
    this.#node = new AudioWorkletNode(context, 'capture');
    this.#node.port.onmessage = ({ data: frame }: MessageEvent<CaptureFrame>) => this.#collect(frame);
    this.#source.connect(this.#node).connect(context.destination);
    for (const track of stream.getAudioTracks()) track.onended = () => options.onLost();
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    for (const track of this.#stream.getAudioTracks()) track.enabled = !muted;
    if (muted) this.#flush();
  }

  stop(): void {
    this.#node.port.onmessage = null;
    this.#source.disconnect();
    this.#node.disconnect();
    for (const track of this.#stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
  }

  #collect(frame: CaptureFrame): void {
    if (this.#muted) return;
    this.#frames.push(frame);
    if (this.#frames.length === FRAMES_PER_BATCH) this.#flush();
  }

  #flush(): void {
    const frames = this.#frames;
    this.#frames = [];
    this.#options.onLevel(this.#muted ? 0 : Math.max(0, ...frames.map(({ level }) => level)));
    if (frames.length > 0) this.#options.onAudio(frames.map(({ pcm }) => pcm));
  }
}
