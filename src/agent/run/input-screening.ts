import type { AgentEvent, Content } from '../../wire/agent-event.ts';
import { keepEnd } from '../../wire/keep-end.ts';
import type { CallbackCalls, Replacement, Verdict } from './callback-calls.ts';
import type { PendingChecks } from './pending-checks.ts';
import type { ReplyReplacement } from './reply-replacement.ts';
import type { TurnView } from './turn-state.ts';

export interface InputScreeningOptions {
  readonly calls: CallbackCalls;
  readonly turn: TurnView;
  readonly replacement: ReplyReplacement;
  readonly checks: PendingChecks;
  /** Whether the agent has callbacks for what the user says. */
  readonly isActive: () => boolean;
  /** Lists the events of the conversation with words of the reply of a turn. */
  readonly listReplyEvents: (turn: number) => readonly string[];
  /** Whether the model has the beginning of a message, whose rest may follow. */
  readonly holdsText: () => boolean;
}

/** Maximum number of answers to typed messages that wait for the end of a reply. Of more, the oldest are left out. */
const MAX_WAITING = 16;
/** Length of the end of a message in parts that callbacks always see, in characters. Twice this length is the maximum. */
const MAX_TYPED = 64 * 1024;

/** Shows what the user says to `beforeModelCallback`: typed text before it is sent, speech when its transcript is complete. */
export class InputScreening {
  readonly #options: InputScreeningOptions;
  /** Answers to messages that were typed during a reply, in order. */
  #waiting: Replacement[] = [];
  /** Text of a typed message in parts, as far as the model has it. */
  #typed = '';

  constructor(options: InputScreeningOptions) {
    this.#options = options;
  }

  /**
   * Checks a typed message, or the next part of one: the callback sees it with the parts before, which the model has already.
   * @returns whether it must not be sent: the callback has answered it
   */
  blocksTyped({ parts = [] }: Content): boolean | Promise<boolean> {
    const { calls, holdsText } = this.#options;
    if (!holdsText()) this.#typed = '';
    const text = keepEnd(this.#typed + parts.map((part) => part.text ?? '').join(''), MAX_TYPED);
    const verdict = calls.beforeModel(text);
    if (verdict instanceof Promise) return verdict.then((settled) => this.#answerTyped(text, settled));
    return this.#answerTyped(text, verdict);
  }

  /** Checks the transcript of speech, when its event was emitted. The end of a reply lets the answers through that wait for it. */
  onEmitted(event: AgentEvent): void {
    const { inputTranscription: spoken, author, turnComplete } = event;
    if (turnComplete && author !== 'user' && this.#waiting.length > 0) queueMicrotask(() => this.#answerWaiting());
    if (!spoken?.finished || spoken.text.trim() === '' || !this.#options.isActive()) return;
    const { checks } = this.#options;
    const ids = [event.id];
    // The event is being applied. What follows from the check comes behind it.
    const check = Promise.resolve()
      .then(() => this.#options.calls.beforeModel(spoken.text))
      .then((verdict) => this.#onSpeechVerdict(verdict, ids));
    checks.add(check, ids);
  }

  /** @param text the message as far as it has arrived */
  #answerTyped(text: string, verdict: Verdict): boolean {
    if (!verdict) {
      this.#typed = text;
      return false;
    }
    const { turn, replacement, checks } = this.#options;
    if (checks.isClosed) return true;
    if (!turn.state.answerStarted) replacement.answer(verdict);
    else {
      this.#waiting.push(verdict);
      if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    }
    return true;
  }

  #answerWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const verdict of waiting) this.#options.replacement.answer(verdict);
  }

  #onSpeechVerdict(verdict: Verdict, ids: readonly string[]): void {
    const { turn, replacement, checks, listReplyEvents } = this.#options;
    if (!verdict || checks.isClosed) return;
    const { phase, turn: current } = turn.state;
    const isOver = phase === 'idle';
    const blocked = { eventIds: [...ids, ...listReplyEvents(isOver ? current - 1 : current)], isSpeech: true };
    if (isOver) replacement.withdrawReply(verdict, blocked);
    else replacement.replaceReply(verdict, blocked);
  }
}
