import type { ConnectionEvents } from '../wire/named-events.ts';
import type { AttachedImage } from './attached-image.ts';
import type { ConnectionState } from './connection-state.ts';
import { CONVERSATION_FORGOTTEN, createLostMessageNotice, type Notice } from './notice.ts';
import { findLostMessages, isForgotten, isSpeechLost } from './transcript/reset.ts';
import type { Transcript } from './transcript/transcript-state.ts';
import type { UserTurn } from './transcript/turn.ts';
import { SPEECH_LOST, SPEECH_LOST_BY_RESTART, SPEECH_UNSENT } from './voice/voice-notices.ts';

export interface LossesOptions {
  /** Finds a picture that this page has sent. @param bitmap as the transcript shows it */
  findAttached(bitmap: ImageBitmap | undefined): AttachedImage | undefined;
  sendMessage(text: string, image: AttachedImage | undefined): void;
  notify(notice: Notice): void;
}

/** Maximum time from the loss of some speech until a server that has lost it is back, in ms. A page notices after 25 s that a server is gone. */
const MAX_RETURN_MS = 60_000;
/** Time after the return of a connection in which speech of before is still being sent, in ms. */
const SETTLING_MS = 5_000;
/** Time for which a server keeps a live session without a connection, in ms, if the server does not tell. */
const LINGER_MS = 120_000;

/** Tells what the user has said or written and the agent does not get, and why. */
export class Losses {
  readonly #options: LossesOptions;
  #isLive = false;
  /** Times in ms of `performance.now()`: the connection was there, and lost, speech was dropped, a restarted server was back. */
  #liveAt = Number.NEGATIVE_INFINITY;
  #lostAt = Number.NEGATIVE_INFINITY;
  #droppedAt = Number.NEGATIVE_INFINITY;
  #restartedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LossesOptions) {
    this.#options = options;
  }

  onConnection({ phase }: ConnectionState): void {
    const isLive = phase === 'live';
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    if (isLive) this.#liveAt = performance.now();
    else this.#lostAt = performance.now();
  }

  /** Reports speech that was dropped, because it could not be sent in time. */
  onSpeechDropped(): void {
    const now = performance.now();
    this.#droppedAt = now;
    const isRestarted = now - this.#restartedAt < SETTLING_MS;
    const isConnected = this.#isLive && now - this.#liveAt >= SETTLING_MS;
    this.#options.notify(isRestarted ? SPEECH_LOST_BY_RESTART : isConnected ? SPEECH_LOST : SPEECH_UNSENT);
  }

  /**
   * Reports what a restarted server has lost.
   * @param transcript before the reset
   * @param lingerMs time for which the server keeps a live session without a connection, in ms
   */
  onReset(transcript: Transcript, reset: ConnectionEvents['reset'], lingerMs = LINGER_MS): void {
    const { notify } = this.#options;
    const lost = findLostMessages(transcript, reset);
    if (isForgotten(transcript, reset)) notify(CONVERSATION_FORGOTTEN);
    else if (lost.length > 0) notify(createLostMessageNotice(this.#createRepetition(lost)));
    const now = performance.now();
    // After a longer time the live session may have ended on a server that was there all the time.
    const isRestart = reset.reason === 'unknown_epoch' && now - this.#lostAt < lingerMs;
    if (isRestart) this.#restartedAt = now;
    const isDropped = isRestart && now - this.#droppedAt < MAX_RETURN_MS;
    if (isDropped || isSpeechLost(transcript, reset)) notify(SPEECH_LOST_BY_RESTART);
  }

  /** @returns a function that sends messages again; `undefined` if this page does not have all of their pictures */
  #createRepetition(lost: readonly UserTurn[]): (() => void) | undefined {
    const { findAttached, sendMessage } = this.#options;
    const messages = lost.map(({ text, image, pictures = 0 }) => {
      const attached = findAttached(image);
      return { text, attached, isWhole: pictures === 0 && (!image || attached !== undefined) };
    });
    if (!messages.every(({ isWhole }) => isWhole)) return undefined;
    return () => {
      for (const { text, attached } of messages) sendMessage(text, attached);
    };
  }
}
