import type { ModelEvent } from '../../models/realtime-model.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { keepEnd } from '../../wire/keep-end.ts';
import type { LlmResponse } from '../callbacks.ts';
import type { CallbackCalls, Verdict } from './callback-calls.ts';
import type { PendingChecks } from './pending-checks.ts';
import type { ReplyReplacement } from './reply-replacement.ts';
import type { TurnView } from './turn-state.ts';

export interface ReplyScreeningOptions {
  readonly calls: CallbackCalls;
  readonly turn: TurnView;
  readonly replacement: ReplyReplacement;
  readonly checks: PendingChecks;
}

/** Length of the end of a reply that callbacks always see, in characters. Twice this length is the maximum. */
const MAX_SCREENED = 64 * 1024;

/** A reply as far as it was given. */
interface ScreenedReply {
  readonly turn: number;
  text: string;
  /** Whether `text` is the transcript of speech. */
  isSpoken: boolean;
  /** Whether a callback thinks. */
  isChecking: boolean;
  /** Whether the reply has grown since then. */
  isStale: boolean;
  /** Events of the conversation with words of the reply. */
  readonly eventIds: string[];
}

/**
 * Shows the model's reply to `afterModelCallback` as it grows. A callback that decides at once decides before clients see the words. While a callback
 * thinks, the reply goes on, so that the voice never waits; then the callback sees all that was added.
 */
export class ReplyScreening {
  readonly #options: ReplyScreeningOptions;
  #reply: ScreenedReply | undefined;

  constructor(options: ReplyScreeningOptions) {
    this.#options = options;
  }

  /** Lists the events of the conversation with words of the reply, if that is the last one. @param turn number of its turn */
  listEvents(turn: number): readonly string[] {
    return this.#reply?.turn === turn ? this.#reply.eventIds : [];
  }

  /** Checks an event before it is applied. @returns whether the reply was replaced, so that the event must be discarded */
  examine(event: ModelEvent): boolean {
    const added = readWords(event);
    if (added === '') return false;
    const reply = this.#findReply();
    reply.text = keepEnd(reply.text + added, MAX_SCREENED);
    reply.isSpoken = event.type === 'output_transcript';
    if (!reply.isChecking) return this.#check(reply);
    reply.isStale = true;
    return false;
  }

  /** Notes an event with words of the reply, which would have to be removed. */
  onEmitted({ id, author, partial, content, outputTranscription }: AgentEvent): void {
    // The text of a callback is no word of the reply.
    if (this.#options.replacement.isEmitting) return;
    const hasWords = outputTranscription !== undefined || content?.parts?.some(({ text }) => text !== undefined);
    if (author !== 'user' && !partial && hasWords) this.#reply?.eventIds.push(id);
  }

  #findReply(): ScreenedReply {
    const { turn } = this.#options.turn.state;
    if (this.#reply?.turn !== turn) {
      this.#reply = { turn, text: '', isSpoken: false, isChecking: false, isStale: false, eventIds: [] };
    }
    return this.#reply;
  }

  #check(reply: ScreenedReply): boolean {
    const { calls, checks } = this.#options;
    const verdict = calls.afterModel(() => toResponse(reply));
    if (!(verdict instanceof Promise)) return this.#settle(reply, verdict);
    reply.isChecking = true;
    checks.add(
      verdict.then((settled) => this.#onVerdict(reply, settled)),
      reply.eventIds,
    );
    return false;
  }

  #onVerdict(reply: ScreenedReply, verdict: Verdict): void {
    if (this.#options.checks.isClosed) return;
    const isStale = reply.isStale;
    reply.isChecking = false;
    reply.isStale = false;
    if (!this.#settle(reply, verdict) && isStale) this.#check(reply);
  }

  #settle({ turn, eventIds }: ScreenedReply, verdict: Verdict): boolean {
    if (!verdict) return false;
    const { replacement, turn: view } = this.#options;
    // The events of the replacement are not those of the reply.
    this.#reply = undefined;
    if (view.state.turn === turn) replacement.replaceReply(verdict, { eventIds });
    else replacement.withdrawReply(verdict, { eventIds });
    return true;
  }
}

function readWords(event: ModelEvent): string {
  if (event.type === 'output_transcript') return event.text;
  return event.type === 'text' && !event.thought ? event.text : '';
}

function toResponse({ text, isSpoken }: ScreenedReply): LlmResponse {
  if (isSpoken) return { outputTranscription: { text, finished: false }, partial: true };
  return { content: { role: 'model', parts: [{ text }] }, partial: true };
}
