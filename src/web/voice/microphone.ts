import type { CaptureBatch } from './capture-queue.ts';
import { stopOnAbort, stopTracks } from './media-stream.ts';
import { toMicrophoneError } from './voice-problem.ts';

/** A message to the capture worklet. */
export type CaptureCommand = 'received' | 'open' | 'close';
/** A message of the capture worklet. */
export type CaptureReport = CaptureBatch | 'closed';

/** Maximum wait for the audio that a closed microphone still has, in ms. A suspended worklet does not answer. */
const CLOSE_MS = 250;

export interface MicrophoneOptions {
  /** Called with PCM16 at 16 kHz. */
  readonly onAudio: (pcm: Int16Array) => void;
  /** Called about ten times a second with the level, 0 to 1. */
  readonly onLevel: (level: number) => void;
  /** Called when speech was discarded, because this page was blocked for more than 10 s. */
  readonly onOverflow: () => void;
  /** Called when the system mutes the microphone (a phone call, a key of the keyboard), and when it unmutes the microphone. */
  readonly onSystemMuted: (muted: boolean) => void;
  /** Called when the microphone was disconnected or withdrawn by the browser. */
  readonly onLost: () => void;
}

/**
 * Asks the browser for a microphone.
 * @param deviceId id of the wanted microphone; empty, or of one that is not there: the default one
 * @param signal stops the microphone, also one that the browser gives only afterwards
 * @throws {VoiceError} with the cause
 */
export async function openMicrophone(deviceId: string, signal: AbortSignal): Promise<MediaStream> {
  try {
    const stream = await requestMicrophone(deviceId);
    stopOnAbort(stream, signal);
    return stream;
  } catch (error) {
    throw toMicrophoneError(error);
  }
}

async function requestMicrophone(deviceId: string): Promise<MediaStream> {
  const audio = { channelCount: { ideal: 1 }, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const { mediaDevices } = navigator;
  if (deviceId !== '') {
    try {
      // Chromium gives the default device if this one is `ideal` only, although it is there.
      return await mediaDevices.getUserMedia({ audio: { ...audio, deviceId: { exact: deviceId } } });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return mediaDevices.getUserMedia({ audio });
}

/** Whether the wanted device is not there. */
function isMissing(error: unknown): boolean {
  return ['OverconstrainedError', 'NotFoundError'].includes((error as Partial<Error>)?.name ?? '');
}

/**
 * Passes the microphone's audio on in batches of 100 ms. The worklet's messages are the only clock, because a hidden tab slows timers down to one
 * tick a second.
 */
export class Microphone {
  readonly #context: AudioContext;
  readonly #node: AudioWorkletNode;
  readonly #options: MicrophoneOptions;
  #stream: MediaStream;
  #source: MediaStreamAudioSourceNode;
  #isEnabled = true;
  #onClosed: () => void = () => undefined;

  /** @param context an audio context with the capture worklet */
  constructor(context: AudioContext, stream: MediaStream, options: MicrophoneOptions) {
    this.#context = context;
    this.#options = options;
    // Connect the node, because some browsers run only connected nodes. Its output is silence.
    this.#node = new AudioWorkletNode(context, 'capture');
    this.#node.port.onmessage = ({ data: report }: MessageEvent<CaptureReport>) => this.#receive(report);
    this.#node.connect(context.destination);
    this.#stream = stream;
    this.#source = this.#connect(stream);
  }

  /** Name of the device, as the browser gives it. */
  get label(): string {
    return this.#stream.getAudioTracks()[0]?.label ?? '';
  }

  /** Id of the device. */
  get deviceId(): string {
    return this.#stream.getAudioTracks()[0]?.getSettings().deviceId ?? '';
  }

  /** Replaces the device without a gap: its stream runs already. */
  replace(stream: MediaStream): void {
    this.#disconnectStream();
    stopTracks(this.#stream);
    this.#stream = stream;
    this.#source = this.#connect(stream);
    this.#enableTracks(this.#isEnabled);
  }

  /** Passes on what is spoken from now on. */
  open(): void {
    this.#enableTracks(true);
    this.#command('open');
  }

  /**
   * Stops passing audio on.
   * @param release whether the browser may show the microphone as switched off. Otherwise the next words keep their beginning
   * @returns a promise that resolves when everything that was spoken so far has been passed on, within 250 ms
   */
  close(release: boolean): Promise<void> {
    if (release) this.#enableTracks(false);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      this.#onClosed = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#command('close');
    });
  }

  /** Disconnects the microphone. Its owner stops the stream. */
  disconnect(): void {
    this.#node.port.onmessage = null;
    this.#node.disconnect();
    this.#disconnectStream();
  }

  #connect(stream: MediaStream): MediaStreamAudioSourceNode {
    const { onLost, onSystemMuted } = this.#options;
    const [track] = stream.getAudioTracks();
    if (track) {
      track.onended = () => onLost();
      track.onmute = () => onSystemMuted(true);
      track.onunmute = () => onSystemMuted(false);
      onSystemMuted(track.muted);
    }
    const source = this.#context.createMediaStreamSource(stream);
    source.connect(this.#node);
    return source;
  }

  #disconnectStream(): void {
    this.#source.disconnect();
    for (const track of this.#stream.getTracks()) {
      track.onended = null;
      track.onmute = null;
      track.onunmute = null;
    }
  }

  #receive(report: CaptureReport): void {
    if (report === 'closed') {
      this.#options.onLevel(0);
      this.#onClosed();
      return;
    }
    this.#command('received');
    this.#options.onLevel(report.level);
    this.#options.onAudio(report.pcm);
    if (report.lostMs > 0) this.#options.onOverflow();
  }

  #enableTracks(enabled: boolean): void {
    this.#isEnabled = enabled;
    for (const track of this.#stream.getAudioTracks()) track.enabled = enabled;
  }

  #command(command: CaptureCommand): void {
    this.#node.port.postMessage(command);
  }
}
