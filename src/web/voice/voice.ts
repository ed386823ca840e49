import { AudioDevices } from './audio-devices.ts';
import { loadAudioModule } from './audio-module.ts';
import { Microphone, type MicrophoneOptions, openMicrophone } from './microphone.ts';
import type { PlaybackStats } from './playback-buffer.ts';
import { settleInTime } from './settle-in-time.ts';
import { Speaker } from './speaker.ts';
import { VideoShare } from './video-share.ts';
import { toVoiceError, type VoiceError } from './voice-problem.ts';
import { WakeLock } from './wake-lock.ts';

/** Devices and volume that the user has chosen. An empty id is the default device, and so is that of one that is not there. */
export interface SoundChoice {
  readonly microphone: string;
  readonly speaker: string;
  /** Volume of the agent, 0 to 1. */
  readonly volume: number;
}

export interface VoiceOptions extends MicrophoneOptions {
  /** Returns the devices and the volume to use now. */
  readonly getSound: () => SoundChoice;
  readonly onStats: (stats: PlaybackStats) => void;
  /** Called when the browser suspends the sound (a phone call, a locked screen), and when it resumes the sound. */
  readonly onSuspended: (suspended: boolean) => void;
  /** Called after the microphone was unplugged and another one has taken its place, with the name of that. */
  readonly onMicrophoneReplaced: (label: string) => void;
  /** Called if the chosen microphone cannot be opened, with the name of the one that goes on. */
  readonly onMicrophoneKept: (error: VoiceError, label: string) => void;
  /** Called after the chosen loudspeaker was unplugged and the default one has taken its place. */
  readonly onSpeakerReplaced: () => void;
  /** Called with each picture that the agent is to see: a JPEG in base64. */
  readonly onFrame: (base64: string) => Promise<unknown>;
  readonly onVideoProblem: (error: VoiceError) => void;
}

export interface Voice {
  readonly microphone: Pick<Microphone, 'open' | 'close'>;
  readonly speaker: Pick<Speaker, 'turn' | 'play' | 'endTurn' | 'flush' | 'getHeardMs'>;
  readonly video: VideoShare;
  /** Uses the devices and the volume that the user has chosen. */
  applySound(): void;
  /** Resumes the sound after `onSuspended(true)`. Call it in a click handler. */
  resume(): void;
  stop(): void;
}

/** Maximum wait for the user's answer to the browser's question, in ms. */
const PROMPT_MS = 60_000;
/** Maximum wait for the browser to start the sound, in ms. */
const RESUME_MS = 5_000;

/**
 * Starts microphone and speaker on one AudioContext. The context has the rate of the hardware, because Firefox refuses other rates
 * and some versions of Safari ignore them. Call the function in a click handler: otherwise the browser keeps the context suspended.
 * @param signal cancels the start. Also a microphone that the browser gives only afterwards is released
 * @throws {VoiceError} if a step fails or takes too long. Everything is released then
 */
export async function startVoice(options: VoiceOptions, signal: AbortSignal): Promise<Voice> {
  const lifetime = new AbortController();
  const stop = () => lifetime.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const context = openContext(lifetime.signal);
    const [stream] = await Promise.all([
      openMicrophoneInTime(options.getSound().microphone, lifetime.signal),
      settleInTime(context.resume(), RESUME_MS, 'no_sound', lifetime.signal),
      loadAudioModule(context, 'static/capture-worklet.js', lifetime.signal),
      loadAudioModule(context, 'static/playback-worklet.js', lifetime.signal),
    ]);
    lifetime.signal.throwIfAborted();
    return new RunningVoice(context, stream, options, lifetime);
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Opens an audio context, which is closed when `signal` is aborted. */
function openContext(signal: AbortSignal): AudioContext {
  signal.throwIfAborted();
  const context = new AudioContext({ latencyHint: 'interactive' });
  signal.addEventListener('abort', () => {
    context.onstatechange = null;
    void context.close();
  });
  return context;
}

function openMicrophoneInTime(deviceId: string, signal: AbortSignal): Promise<MediaStream> {
  return settleInTime(openMicrophone(deviceId, signal), PROMPT_MS, 'unanswered', signal);
}

class RunningVoice implements Voice {
  readonly microphone: Microphone;
  readonly speaker: Speaker;
  readonly video: VideoShare;
  readonly #context: AudioContext;
  readonly #options: VoiceOptions;
  readonly #lifetime: AbortController;
  readonly #devices = new AudioDevices();
  /** Microphone that was asked for last. */
  #wanted: string;

  constructor(context: AudioContext, stream: MediaStream, options: VoiceOptions, lifetime: AbortController) {
    this.#context = context;
    this.#options = options;
    this.#lifetime = lifetime;
    this.#wanted = options.getSound().microphone;
    this.microphone = new Microphone(context, stream, { ...options, onLost: () => void this.#replaceLost() });
    this.speaker = new Speaker(context, options.onStats);
    this.video = new VideoShare({ onFrame: options.onFrame, onProblem: options.onVideoProblem });
    // Report 'suspended' only: on iOS a context that is resumed while 'interrupted' by another app stays mute.
    context.onstatechange = () => options.onSuspended(context.state === 'suspended');
    const wakeLock = new WakeLock();
    wakeLock.hold();
    lifetime.signal.addEventListener('abort', () => {
      wakeLock.release();
      this.video.stop();
      this.microphone.disconnect();
    });
    this.#devices.follow(lifetime.signal, () => this.#followDevices());
    this.applySound();
  }

  applySound(): void {
    const { microphone, speaker, volume } = this.#options.getSound();
    this.speaker.volume = volume;
    void this.speaker.setDevice(speaker);
    if (microphone === this.#wanted) return;
    this.#wanted = microphone;
    void this.#chooseMicrophone(microphone);
  }

  resume(): void {
    void this.#context.resume();
  }

  stop(): void {
    this.#lifetime.abort();
  }

  /** Returns to the chosen devices when they are plugged in again, and to the default ones when they are unplugged. */
  #followDevices(): void {
    const { microphone, speaker } = this.#options.getSound();
    const { microphones, speakers } = this.#devices;
    const hasSpeaker = speakers.value.some(({ id }) => id === speaker);
    if (!hasSpeaker && speaker !== '' && this.speaker.deviceId === speaker) this.#options.onSpeakerReplaced();
    // A context that is told to use its device once more does not look for it, and stays mute.
    void this.speaker.setDevice(hasSpeaker ? speaker : '');
    const isBack = microphones.value.some(({ id }) => id === microphone);
    if (isBack && this.microphone.deviceId !== microphone)
      void this.#switchMicrophone(microphone).catch(() => undefined);
  }

  async #replaceLost(): Promise<void> {
    try {
      await this.#switchMicrophone('');
      this.#options.onMicrophoneReplaced(this.microphone.label);
    } catch {
      if (!this.#lifetime.signal.aborted) this.#options.onLost();
    }
  }

  /** Switches to the microphone that the user has chosen. If it cannot be opened, the other one goes on, and the user is told. */
  async #chooseMicrophone(deviceId: string): Promise<void> {
    try {
      await this.#switchMicrophone(deviceId);
    } catch (error) {
      if (this.#lifetime.signal.aborted) return;
      this.#options.onMicrophoneKept(toVoiceError(error), this.microphone.label);
    }
  }

  /** @throws {VoiceError} if the device cannot be opened */
  async #switchMicrophone(deviceId: string): Promise<void> {
    const { signal } = this.#lifetime;
    const stream = await openMicrophoneInTime(deviceId, signal);
    signal.throwIfAborted();
    this.microphone.replace(stream);
  }
}
