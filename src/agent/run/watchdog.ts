import type { ModelEvent } from '../../models/realtime-model.ts';
import type { WatchdogLimits } from '../run-config.ts';
import { SpeechLevel } from './speech-level.ts';
import { hasSpokenQuestion, type TurnView } from './turn-state.ts';

/**
 * Ways in which a model falls silent:
 * - `no_response`: a question is open, and nothing of an answer arrived for `firstOutputMs`.
 * - `empty_turn`: the model completed a turn, or an exchange in the background, without any part of an answer to the question.
 * - `repeated_failure`: `sameFailures` turns in a row failed for the same reason.
 * - `silent_speech`: the model completed a turn of at least `silentSpeechMs` of speech that has no sound.
 * - `unfinished_reply`: a reply stopped in the middle, for `turnEndMs` longer than what was received takes to play.
 * - `unfinished_turn`: the same, after the reply was generated completely or was interrupted. Nothing but `turn_complete` is missing.
 */
export type Stall =
  | 'no_response'
  | 'empty_turn'
  | 'repeated_failure'
  | 'silent_speech'
  | 'unfinished_reply'
  | 'unfinished_turn';

export interface WatchdogOptions {
  readonly limits: WatchdogLimits;
  readonly turn: TurnView;
  /** Whether the model may stay silent on purpose when it is spoken to. An empty turn after speech is no stall then. */
  readonly proactive: boolean;
  /** Whether a tool is running, so that the model waits for us. */
  readonly isToolRunning: () => boolean;
  readonly onStall: (stall: Stall) => void;
}

/**
 * Notices a model that falls silent. Follows the turn, and needs no timer for each event: one timer per run checks the deadline, which every event
 * moves.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #speech = new SpeechLevel();
  /** Time of the latest event that shows that the model works, or of the question, in ms of the monotonic clock. */
  #activeAt = 0;
  /** Time at which the speech of this turn has been played if playback started with its first piece. */
  #playedAt = 0;
  /** Whether a turn of the current exchange is complete, so that the model works in the background. */
  #isInBackground = false;
  /** Number of turns in a row without any part of an answer. */
  #emptyTurns = 0;
  /** Number of turns in a row that failed for the reason of the last. */
  #failures = 0;
  #lastFailure = '';
  /** Whether the last turn failed, so that the user was told why there is no answer. */
  #hasFailed = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  #stopped = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** An input of the user was sent to the model, or a new connection is open: the time for the answer starts. */
  onInput(): void {
    this.#markActive();
  }

  /**
   * Examines an event before the turn applies it.
   * @returns the stall that the end of this turn would hide. The caller applies something else in place of the event
   */
  examineTurnEnd(event: ModelEvent): Stall | undefined {
    if (event.type === 'exchange_complete') return this.#hasFailed ? undefined : this.#findEmptyTurn();
    if (event.type !== 'turn_complete') return undefined;
    this.#hasFailed = event.failure !== undefined;
    if (event.failure !== undefined) return this.#countFailure(event.reason ?? '');
    const { answerStarted, interrupted, exchanges } = this.#options.turn.state;
    if (interrupted) return undefined;
    if (answerStarted) {
      this.#emptyTurns = 0;
      this.#failures = 0;
      const { silentSpeechMs } = this.#options.limits;
      return this.#speech.ms >= silentSpeechMs && this.#speech.isSilent ? 'silent_speech' : undefined;
    }
    // Results that a model acknowledges without words, and utterances between two turns of a background exchange, are no answers.
    return exchanges === 'single' ? this.#findEmptyTurn() : undefined;
  }

  /** Follows an event that the turn has applied. */
  onModelEvent(event: ModelEvent): void {
    switch (event.type) {
      case 'audio':
        this.#onAudio(event.data, event.mimeType);
        break;
      case 'turn_complete':
      case 'exchange_complete':
        this.#isInBackground = event.type === 'turn_complete';
        this.#resetTurn();
        break;
      case 'usage':
      case 'resumption':
      case 'session_id':
      case 'go_away':
      case 'closed':
        // Bookkeeping: the model may be stuck all the same.
        return;
      default:
        break;
    }
    this.#markActive();
  }

  #findEmptyTurn(): Stall | undefined {
    const { turn, limits, proactive } = this.#options;
    const { interrupted, questionEnd, heardText, lastTextInput, settledInputs } = turn.state;
    // An answer to the question was given, or cut off.
    if (interrupted || questionEnd !== undefined) return undefined;
    const isSpoken = heardText !== '' || hasSpokenQuestion(turn.state);
    if (lastTextInput <= settledInputs && !(isSpoken && !proactive)) return undefined;
    this.#emptyTurns += 1;
    if (this.#emptyTurns < limits.emptyTurns) return undefined;
    this.#emptyTurns = 0;
    return 'empty_turn';
  }

  #countFailure(reason: string): Stall | undefined {
    this.#failures = reason === this.#lastFailure ? this.#failures + 1 : 1;
    this.#lastFailure = reason;
    if (this.#failures < this.#options.limits.sameFailures) return undefined;
    this.#failures = 0;
    return 'repeated_failure';
  }

  /** The connection is lost. A new one starts the time again. */
  onConnectionLost(): void {
    this.#isInBackground = false;
    this.#resetTurn();
    this.#disarm();
  }

  /** Ends all checks. */
  stop(): void {
    this.#stopped = true;
    this.#disarm();
  }

  #onAudio(data: string, mimeType: string): void {
    const { ms } = this.#speech;
    this.#speech.add(data, mimeType);
    const now = performance.now();
    this.#playedAt = Math.max(this.#playedAt, now) + this.#speech.ms - ms;
  }

  #resetTurn(): void {
    this.#speech.reset();
    this.#playedAt = 0;
  }

  #markActive(): void {
    this.#activeAt = performance.now();
    const limitMs = this.#limitMs;
    if (this.#stopped || limitMs === undefined) return;
    // A timer that fires too early checks again. Only one that would fire too late is replaced, which most events need not do.
    if (this.#timer && this.#activeAt + limitMs >= this.#timerAt) return;
    this.#disarm();
    this.#arm(limitMs);
  }

  /** Time without a sign of life after which the model is stalled, in ms. `undefined`: nothing is expected of the model. */
  get #limitMs(): number | undefined {
    const { limits, turn } = this.#options;
    const { phase, exchanges } = turn.state;
    const isInBackground = exchanges === 'background' && this.#isInBackground;
    if (phase === 'idle') return undefined;
    if (phase === 'awaiting') return isInBackground ? limits.backgroundMs : limits.firstOutputMs;
    return limits.turnEndMs;
  }

  #arm(ms: number): void {
    this.#timerAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.#check(), ms).unref();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    this.#timer = undefined;
    const limitMs = this.#limitMs;
    if (limitMs === undefined || this.#stopped) return;
    // The model waits for the result.
    if (this.#options.isToolRunning()) this.#activeAt = performance.now();
    const leftMs = Math.max(this.#activeAt, this.#playedAt) + limitMs - Math.max(performance.now(), this.#timerAt);
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    const { phase, generated } = this.#options.turn.state;
    if (phase === 'awaiting') this.#options.onStall('no_response');
    else this.#options.onStall(phase === 'interrupted' || generated ? 'unfinished_turn' : 'unfinished_reply');
  }
}
