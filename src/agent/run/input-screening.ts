import type { AgentEvent, Content } from '../../wire/agent-event.ts';
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
}

/** Maximum number of answers to typed messages that wait for the end of a reply. Of more, the oldest are left out. */
const MAX_WAITING = 16;

/** Shows what the user says to `beforeModelCallback`: typed text before it is sent, speech when its transcript is complete. */
export class InputScreening {
  readonly #options: InputScreeningOptions;
  /** Answers to messages that were typed during a reply, in order. */
  #waiting: Replacement[] = [];

  constructor(options: InputScreeningOptions) {
    this.#options = options;
  }

  /** Checks a typed message. @returns whether it must not be sent: the callback has answered it */
  blocksTyped({ parts = [] }: Content): boolean | Promise<boolean> {
    const text = parts.map((part) => part.text ?? '').join('');
    const verdict = this.#options.calls.beforeModel(text);
    return verdict instanceof Promise ? verdict.then((settled) => this.#answer(settled)) : this.#answer(verdict);
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

  #answer(verdict: Verdict): boolean {
    if (!verdict) return false;
    const { turn, replacement } = this.#options;
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
    if (!verdict) return;
    const { turn, replacement, listReplyEvents } = this.#options;
    const { phase, turn: current } = turn.state;
    const isOver = phase === 'idle';
    const blocked = { eventIds: [...ids, ...listReplyEvents(isOver ? current - 1 : current)], isSpeech: true };
    if (isOver) replacement.withdrawReply(verdict, blocked);
    else replacement.replaceReply(verdict, blocked);
  }
}
