import type { ReadonlySignal } from '@preact/signals';
import type { Client } from '../client/index.ts';
import { createUnsupportedNotice, type Notice } from './notice.ts';
import { hasOpenAnswer, isAnswering, type TranscriptAction } from './transcript/transcript.ts';
import type { Transcript } from './transcript/transcript-state.ts';
import type { Talk } from './voice/talk.ts';

export interface AnswerStopperOptions {
  readonly transcript: ReadonlySignal<Transcript>;
  readonly talk: Pick<Talk, 'voice' | 'flush'>;
  /** Whether no answer can arrive, because the conversation has ended or the server has refused the client. */
  isOver(): boolean;
  /** Returns the client of the open conversation. */
  getClient(): Client | undefined;
  dispatch(action: TranscriptAction): void;
  notify(notice: Notice): void;
}

/** Maximum wait for an answer that had not begun when the server has accepted the interruption, in ms. */
const UNBEGUN_MS = 3_000;

/**
 * Stops the answer that is being given, and discards what still arrives of it. The server reports the end of every answer that has begun, however
 * long that takes on a slow network. An answer that has not begun may never come: the answer after it must not be discarded in its place.
 */
export class AnswerStopper {
  readonly #options: AnswerStopperOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AnswerStopperOptions) {
    this.#options = options;
  }

  /** Whether there is an answer to stop. */
  get canStop(): boolean {
    const { transcript, talk, isOver } = this.#options;
    // A message that was typed after the end awaits an answer, which the next conversation gives.
    return talk.voice.playback.value.playing || (isAnswering(transcript.value) && !isOver());
  }

  /** Stops the answer, because the user writes or speaks. The server does so without being asked. */
  stopByInput(): void {
    const { transcript, talk, dispatch } = this.#options;
    if (hasOpenAnswer(transcript.value)) this.#discard();
    else if (talk.voice.playback.value.playing) {
      talk.flush();
      dispatch({ name: 'cut' });
    }
  }

  /** Asks the server to stop the answer. If its agent cannot do that, what arrives of the answer is shown again. */
  async stop(): Promise<void> {
    if (!this.canStop) return;
    const { transcript, talk, getClient, dispatch, notify } = this.#options;
    // Without audio the user has read the answer: there is no speech of which a part was heard.
    const playedMs = talk.voice.speaker?.getHeardMs();
    const isExpected = transcript.value.awaiting && !hasOpenAnswer(transcript.value);
    this.#discard();
    const result = await getClient()?.interrupt(playedMs);
    const isUnsupported = result?.refusal?.code === 'not_supported';
    if (isUnsupported || !result?.sent) dispatch({ name: 'stop_discarding' });
    else if (isExpected) this.#timer = setTimeout(() => dispatch({ name: 'stop_discarding' }), UNBEGUN_MS);
    if (isUnsupported) notify(createUnsupportedNotice(result.refusal.error, result.refusal.hint));
  }

  #discard(): void {
    const { talk, dispatch } = this.#options;
    clearTimeout(this.#timer);
    talk.flush();
    dispatch({ name: 'interrupt' });
  }
}
