import { computed, signal } from '@preact/signals';
import { HearingDetector } from './hearing-detector.ts';
import { MicrophoneGate } from './microphone-gate.ts';
import type { PlaybackStats } from './playback-buffer.ts';
import type { VideoShare } from './video-share.ts';
import type { startVoice, Voice, VoiceOptions } from './voice.ts';
import { toVoiceError, VoiceError, type VoiceProblem } from './voice-problem.ts';

const SILENT: PlaybackStats = { bufferedMs: 0, turn: 0, playedMs: 0, playing: false, underruns: 0, level: 0 };

export interface VoiceControlOptions extends Omit<VoiceOptions, 'onLevel' | 'onStats' | 'onSystemMuted'> {
  readonly startVoice: typeof startVoice;
  /** Returns the reason why this page cannot use voice, or undefined if it can. */
  readonly findVoiceProblem: () => VoiceProblem | undefined;
  /** Makes this tab the only one with voice. @param take whether to take the voice from another tab. Resolves to false if another tab has it */
  readonly claim: (take: boolean) => Promise<boolean>;
  /** Called when voice cannot be opened. */
  readonly onProblem: (error: VoiceError) => void;
  /** Called when a part of a turn of the speaker was played. */
  readonly onPlayed: (turn: number) => void;
  /** Called before the first audio after a pause. */
  readonly onSpeechStart: () => void;
  /** Called after the last audio before a pause. */
  readonly onSpeechEnd: () => void;
}

/** Voice of the page: opens and closes microphone and speaker, and shows their state. */
export class VoiceControl {
  readonly state = signal<'off' | 'starting' | 'on'>('off');
  readonly muted = signal(false);
  /** Whether the system has muted the microphone: a phone call, a key of the keyboard. */
  readonly systemMuted = signal(false);
  /** Whether the user has to hold a button to be heard, because the agent does not detect speech. */
  readonly pushToTalk = signal(false);
  /** Whether the user holds that button. */
  readonly talking = signal(false);
  readonly microphoneLevel = signal(0);
  readonly playback = signal(SILENT);
  readonly agentLevel = computed(() => this.playback.value.level);

  readonly #options: VoiceControlOptions;
  readonly #hearing = new HearingDetector();
  /** Whether the user seems to speak. */
  readonly hearing = this.#hearing.isHearing;
  #voice: Voice | undefined;
  #gate: MicrophoneGate | undefined;
  /** Cancels the start that is in progress. */
  #start: AbortController | undefined;

  constructor(options: VoiceControlOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#voice !== undefined;
  }

  get speaker(): Voice['speaker'] | undefined {
    return this.#voice?.speaker;
  }

  /** Pictures for the agent, while voice is open. */
  get video(): VideoShare | undefined {
    return this.#voice?.video;
  }

  /**
   * Opens microphone and speaker. Call it in a click handler.
   * @param take whether to take the voice from another tab
   * @returns whether the voice is open: false if it cannot be opened, if another tab has it, or if `close` was called meanwhile
   */
  async open(take: boolean): Promise<boolean> {
    const { findVoiceProblem, claim, onProblem } = this.#options;
    const problem = findVoiceProblem();
    if (problem) {
      onProblem(new VoiceError(problem));
      return false;
    }
    const start = new AbortController();
    this.#start = start;
    this.state.value = 'starting';
    try {
      const isClaimed = await claim(take);
      if (start.signal.aborted) return false;
      if (!isClaimed) {
        this.close();
        return false;
      }
      const voice = await this.#startVoice(start.signal);
      if (start.signal.aborted) voice.stop();
      else this.#use(voice);
      return !start.signal.aborted;
    } catch (error) {
      if (start.signal.aborted) return false;
      this.close();
      onProblem(toVoiceError(error));
      return false;
    }
  }

  #startVoice(signal: AbortSignal): Promise<Voice> {
    const options: VoiceOptions = {
      ...this.#options,
      onSystemMuted: (muted) => this.#setSystemMuted(muted),
      onLevel: (level) => {
        this.microphoneLevel.value = level;
        this.#hearing.addLevel(level);
      },
      onStats: (stats) => {
        this.playback.value = stats;
        this.#options.onPlayed(stats.turn);
      },
    };
    return this.#options.startVoice(options, signal);
  }

  #use(voice: Voice): void {
    const { onSpeechStart, onSpeechEnd } = this.#options;
    this.#voice = voice;
    this.#gate = new MicrophoneGate({ microphone: voice.microphone, onOpen: onSpeechStart, onClosed: onSpeechEnd });
    this.#gate.setSystemMuted(this.systemMuted.value);
    this.#gate.setMuted(this.muted.value);
    this.#gate.setPushToTalk(this.pushToTalk.value);
    this.#gate.start();
  }

  #setSystemMuted(muted: boolean): void {
    this.systemMuted.value = muted;
    this.#gate?.setSystemMuted(muted);
  }

  /** Shows the voice as on, because the agent listens now. */
  markOn(): void {
    if (this.#voice && this.state.value === 'starting') this.state.value = 'on';
  }

  /** Resumes sound that the browser has suspended. Call it in a click handler. */
  resume(): void {
    this.#voice?.resume();
  }

  /** Uses the devices and the volume that the user has chosen. */
  applySound(): void {
    this.#voice?.applySound();
  }

  /** Switches the microphone off or on. With push-to-talk it is off anyway, and this has no effect. */
  setMuted(muted: boolean): void {
    if (this.state.value === 'off' || this.pushToTalk.value) return;
    this.muted.value = muted;
    this.#gate?.setMuted(muted);
  }

  setPushToTalk(pushToTalk: boolean): void {
    if (pushToTalk) this.setMuted(false);
    this.pushToTalk.value = pushToTalk;
    this.#gate?.setPushToTalk(pushToTalk);
  }

  /** Notes that the user holds the button of push-to-talk, or has let go of it. */
  setTalking(talking: boolean): void {
    if (!this.#voice || !this.pushToTalk.value || this.talking.value === talking) return;
    this.talking.value = talking;
    this.#gate?.setTalking(talking);
  }

  /** Closes the voice, and cancels a start that is in progress. */
  close(): void {
    this.#start?.abort();
    this.#gate?.stop();
    this.#gate = undefined;
    this.#voice?.stop();
    this.#voice = undefined;
    this.#hearing.reset();
    this.state.value = 'off';
    this.muted.value = false;
    this.systemMuted.value = false;
    this.talking.value = false;
    this.microphoneLevel.value = 0;
    this.playback.value = SILENT;
  }
}
