import { signal } from '@preact/signals';
import { encodeJpeg } from '../encode-jpeg.ts';
import { stopOnAbort } from './media-stream.ts';
import { toMicrophoneError, type VoiceError } from './voice-problem.ts';

/** Source of the pictures that the agent sees. */
export type VideoSource = 'camera' | 'screen';

export interface VideoShareOptions {
  /** Sends a JPEG in base64. @returns a promise that resolves when the server has it, or never will */
  readonly onFrame: (base64: string) => Promise<unknown>;
  /** Called when the camera or the screen cannot be shown. */
  readonly onProblem: (error: VoiceError) => void;
}

/** Interval of the pictures, in ms: models look at one picture a second. */
const INTERVAL_MS = 1_000;
/** Longest side of a picture, in pixels. Text on a screen needs more than a face. */
const SIZES: Readonly<Record<VideoSource, number>> = { camera: 768, screen: 1280 };
const JPEG_QUALITY = 0.7;

/** Shows the agent the camera or the screen: one picture a second, fewer on a slow network. */
export class VideoShare {
  /** Source that is shown; `undefined`: none. */
  readonly source = signal<VideoSource | undefined>(undefined);
  /** Picture of what is shown, for the user. */
  readonly stream = signal<MediaStream | undefined>(undefined);
  readonly #options: VideoShareOptions;
  #lifetime: AbortController | undefined;

  constructor(options: VideoShareOptions) {
    this.#options = options;
  }

  /** Shows the source in place of another one. Call it in a click handler. */
  async start(source: VideoSource): Promise<void> {
    this.stop();
    const lifetime = new AbortController();
    this.#lifetime = lifetime;
    this.source.value = source;
    try {
      const stream = await openVideo(source, lifetime.signal);
      lifetime.signal.throwIfAborted();
      for (const track of stream.getVideoTracks()) track.onended = () => this.stop();
      this.stream.value = stream;
      await this.#sendFrames(stream, SIZES[source], lifetime.signal);
    } catch (error) {
      if (lifetime.signal.aborted) return;
      this.stop();
      const problem = toMicrophoneError(error);
      // A user who closes the choice of screens of the browser needs no explanation.
      if (source === 'camera' || problem.problem !== 'blocked') this.#options.onProblem(problem);
    }
  }

  stop(): void {
    this.#lifetime?.abort();
    this.#lifetime = undefined;
    this.source.value = undefined;
    this.stream.value = undefined;
  }

  async #sendFrames(stream: MediaStream, size: number, signal: AbortSignal): Promise<void> {
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    let isSending = false;
    const timer = setInterval(async () => {
      if (isSending) return;
      isSending = true;
      const frame = await readFrame(video, size);
      if (frame && !signal.aborted) await this.#options.onFrame(frame);
      isSending = false;
    }, INTERVAL_MS);
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      video.srcObject = null;
    });
  }
}

/** @param signal stops the stream, also one that the browser gives only afterwards */
async function openVideo(source: VideoSource, signal: AbortSignal): Promise<MediaStream> {
  const { mediaDevices } = navigator;
  // The camera at the back of a phone: users show things more often than their face.
  const camera = {
    width: { ideal: 1280 },
    facingMode: matchMedia('(pointer: coarse)').matches ? 'environment' : 'user',
  };
  const stream = await (source === 'camera'
    ? mediaDevices.getUserMedia({ video: camera })
    : mediaDevices.getDisplayMedia({ video: { frameRate: 5 } }));
  stopOnAbort(stream, signal);
  return stream;
}

/** @returns a JPEG in base64, or `undefined` if there is no picture yet */
async function readFrame(video: HTMLVideoElement, size: number): Promise<string | undefined> {
  const { videoWidth, videoHeight } = video;
  const scale = Math.min(1, size / Math.max(videoWidth, videoHeight));
  if (videoWidth === 0) return undefined;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return encodeJpeg(canvas, JPEG_QUALITY);
}
