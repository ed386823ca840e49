import { pcm16ToBytes } from '../../audio/pcm.ts';
import type { Client, Message } from '../../client/index.ts';
import type { LogEvents } from '../../wire/named-events.ts';
import type { Environment } from '../environment.ts';
import type { Notice } from '../notice.ts';
import { CaptionedAnswers } from './captioned-answers.ts';
import { VoiceControl } from './voice-control.ts';
import { VoiceLock } from './voice-lock.ts';
import {
  createKeptNotice,
  createOtherTabNotice,
  createReplacedNotice,
  createSoundNotice,
  createSpeechOffNotice,
  createVideoNotice,
  createVoiceNotice,
  SPEAKER_REPLACED,
  SPEECH_OVERFLOW,
} from './voice-notices.ts';
import { VoiceError } from './voice-problem.ts';

/** Time in which a newer request of this page for speech may still undo a change to text, in ms. */
const SPEECH_OFF_MS = 1_000;

export interface TalkOptions extends Pick<Environment, 'startVoice' | 'findVoiceProblem' | 'settings' | 'tabs'> {
  /** Returns the client of the open conversation. */
  getClient(): Client | undefined;
  /** Opens the conversation again if it has ended. @returns whether it had */
  reopenIfEnded(): boolean;
  /** Called when the user speaks into the answer, which the server interrupts then. */
  onInterrupted(): void;
  /** Called with the number of characters of an answer that the user has heard; `undefined` if it is all of them. */
  showHeard(answerId: number, heard: number | undefined): void;
  notify(notice: Notice): void;
  dismiss(key: Notice['key']): void;
}

/** Voice of a conversation: joins microphone and speaker to the client, and tells the user what goes wrong. */
export class Talk {
  readonly voice: VoiceControl;
  readonly #options: TalkOptions;
  readonly #answers: CaptionedAnswers;
  readonly #lock: VoiceLock;
  /** Ends the voice when the agent has been changed to text and no change to speech follows. */
  #speechOffTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TalkOptions) {
    this.#options = options;
    const { getClient, notify, dismiss, showHeard } = options;
    this.#answers = new CaptionedAnswers(showHeard);
    this.voice = new VoiceControl({
      ...options,
      claim: (take) => this.#lock.acquire(take),
      getSound: () => options.settings.sound,
      onProblem: (error) => this.#report(error),
      onAudio: (pcm) => getClient()?.sendAudio(pcm16ToBytes(pcm)),
      onPlayed: (turn) => this.#answers.onPlayed(turn, this.voice.speaker?.getHeardMs() ?? 0),
      onOverflow: () => notify(SPEECH_OVERFLOW),
      onSpeechStart: () => this.#startSpeech(),
      onSpeechEnd: () => this.#endSpeech(),
      onLost: () => {
        this.stop();
        this.#report(new VoiceError('gone'));
      },
      onMicrophoneReplaced: (label) => notify(createReplacedNotice(label)),
      onMicrophoneKept: (error, label) => notify(createKeptNotice(error, label)),
      onSpeakerReplaced: () => notify(SPEAKER_REPLACED),
      onFrame: (data) => getClient()?.send({ mime_type: 'image/jpeg', data }) ?? Promise.resolve(),
      onVideoProblem: (error) => notify(createVideoNotice(error)),
      onSuspended: (suspended) => {
        if (suspended) notify(createSoundNotice(() => this.voice.resume()));
        else dismiss('sound');
      },
    });
    this.#lock = new VoiceLock({
      ...options.tabs,
      onTaken: () => this.end(),
      onHeldElsewhere: (held) => {
        if (held) notify(createOtherTabNotice(() => void this.start(true)));
        else dismiss('tabs');
      },
    });
  }

  /** Follows the voice of a conversation in the other tabs. @param conversation name that only this conversation has */
  follow(conversation: string): void {
    this.#lock.follow(conversation);
  }

  /** Finds out again whether another tab has the voice. */
  refresh(): void {
    void this.#lock.refresh();
  }

  /** Follows the settings of the session, which any page of the user may change. */
  onSettings({ modality }: LogEvents['settings']): void {
    clearTimeout(this.#speechOffTimer);
    // An earlier request of this page may have been for text; then the next event tells that the agent speaks again.
    if (modality === 'TEXT') this.#speechOffTimer = setTimeout(() => this.#onSpeechOff(), SPEECH_OFF_MS);
  }

  /** Switches voice on. Call it in a click handler. @param take whether to take the voice from another tab. Default: false */
  async start(take = false): Promise<void> {
    if (this.voice.state.value !== 'off') return;
    this.#options.dismiss('microphone');
    if (!(await this.voice.open(take))) {
      if (this.voice.state.value === 'off') this.#lock.release();
      return;
    }
    this.#options.dismiss('tabs');
    // Speech is buffered from now on until the agent listens, so that the first words are not lost.
    if (this.#options.reopenIfEnded()) return;
    const { getClient, settings } = this.#options;
    void getClient()
      ?.setAudio(settings.wantsSpeech)
      .then(() => this.voice.markOn());
  }

  /** Has the agent answer as the settings say, if voice is on. */
  applyAnswers(): void {
    if (this.voice.isOpen) void this.#options.getClient()?.setAudio(this.#options.settings.wantsSpeech);
  }

  /** Switches voice off, and has the agent answer in text. Also ends a start: the browser may give the microphone later. */
  stop(): void {
    const wasOpen = this.voice.isOpen;
    this.end();
    if (wasOpen) void this.#options.getClient()?.setAudio(false);
  }

  /** Plays a message of the agent, if voice is on. @param answerId id of the answer in the transcript */
  play(message: Message, answerId: number | undefined): void {
    const { speaker } = this.voice;
    if (!speaker) return;
    if ('turn_complete' in message) {
      if (message.interrupted) this.flush();
      else {
        this.#answers.endTurn(speaker.turn);
        speaker.endTurn();
      }
    } else if (message.mime_type === 'audio/pcm') this.#answers.addAudio(speaker.turn, speaker.play(message.data));
    else if (message.is_transcript && answerId !== undefined)
      this.#answers.addText(speaker.turn, message.data, answerId);
  }

  /** Stops what is being played. What was not played is not shown as said. */
  flush(): void {
    this.#answers.cut();
    this.voice.speaker?.flush();
  }

  /** Switches voice off, for a conversation that ends. */
  end(): void {
    this.#answers.stop();
    this.voice.close();
    this.#lock.release();
    clearTimeout(this.#speechOffTimer);
    this.#options.dismiss('sound');
    this.#options.getClient()?.forgetAudio();
  }

  /** Another page has made the agent write: nobody would hear an answer. */
  #onSpeechOff(): void {
    if (this.voice.state.value !== 'on' || !this.#options.settings.wantsSpeech) return;
    this.end();
    this.#options.notify(createSpeechOffNotice(() => void this.start()));
  }

  #startSpeech(): void {
    if (!this.voice.pushToTalk.value) return;
    this.#options.onInterrupted();
    void this.#options.getClient()?.send({ activity_start: {} });
  }

  /** Reports the end of the speech: otherwise the model would wait for the rest of the sentence. */
  #endSpeech(): void {
    const end = this.voice.pushToTalk.value ? { activity_end: {} } : { audio_stream_end: true };
    void this.#options.getClient()?.send(end);
  }

  #report(error: VoiceError): void {
    this.#options.notify(createVoiceNotice(error, () => void this.start()));
  }
}
