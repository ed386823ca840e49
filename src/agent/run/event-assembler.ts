import type { ModelEvent } from '../../models/realtime-model.ts';
import type { FunctionCall, Part, Transcription } from '../../wire/agent-event.ts';
import { keepEnd } from '../../wire/keep-end.ts';
import { omitUndefined } from '../../wire/omit-undefined.ts';
import type { InvocationNames } from '../invocation-context.ts';
import type { EmitEvent, EventBody } from './event-factory.ts';
import type { TurnView } from './turn-state.ts';

/** How long the last words of the user may arrive after the first sign of the reply, in ms. */
const LATE_WORDS_MS = 1_000;
/** Maximum number of tool events that wait for the user's transcript. One more ends the transcript. */
const MAX_HELD_EVENTS = 64;
/** Number of characters at the end of an interim transcript that are always emitted. From twice this length on, the beginning is left out. */
const MAX_INTERIM = 1_000;
/** Maximum length of an incomplete text or transcript, in characters. A longer one is emitted as complete, because a turn may never end. */
const MAX_PENDING = 256 * 1024;

/** Rules that decide what clients are told of a call. */
interface CallRules {
  /** Whether clients run the call. */
  isClientCall(call: FunctionCall): boolean;
  /** Whether the call runs only if the user confirms it. */
  needsConfirmation(call: FunctionCall): boolean;
  /** Whether an app sends the result of the call later. */
  isLongRunning(call: FunctionCall): boolean;
}

const NO_RULES: CallRules = {
  isClientCall: () => false,
  needsConfirmation: () => false,
  isLongRunning: () => false,
};

/**
 * Converts events of the model to ADK events. The turn has applied each event before.
 *
 * - Audio: emitted as it is.
 * - Text and transcripts: each increment is emitted with `partial`. The complete text follows once it is known: for an answer, when the answer
 *   ends or something else interrupts it; for a transcript, when the provider finishes it, or with the generation.
 * - Interruption: always an event of its own.
 *
 * The complete transcript of the user comes before any complete part of the reply, and before the tool calls of the reply and their results.
 * Gemini does not say when this transcript is complete, and its last words may arrive after the reply has started. Ending the transcript with the
 * first sign of the reply would tear it in two; waiting for the end of the reply would show a tool call after the answer that uses it. Therefore:
 *
 * - The transcript stays open for `LATE_WORDS_MS` after the first sign of the reply, and tool events are held for as long.
 * - The transcript ends earlier if the provider finishes it, if more of the reply arrives while tool events are held, or if a part of the reply
 *   is complete.
 * - Words that arrive later are a transcript of their own: the user spoke into the reply.
 *
 * The transcript of the reply holds nothing back: on Gemini this transcript ends with the generation, after the tool calls.
 */
export class EventAssembler {
  readonly #author: Pick<InvocationNames, 'agentName'>;
  readonly #turn: TurnView;
  readonly #emit: EmitEvent;
  readonly #rules: CallRules;
  #text = '';
  /** Whether `#text` is reasoning. */
  #thought = false;
  #input = '';
  /** Whether `#input` was recognized after the reply to it. */
  #inputIsLate = false;
  #output = '';
  /** Interim transcript that was emitted last. */
  #interim = '';
  /** Tool events that wait for the end of the user's transcript, in order. */
  #held: EventBody[] = [];
  /** Runs while the user's transcript is open although the reply has started. */
  #lateWordsTimer: NodeJS.Timeout | undefined;

  /**
   * @param author names the author of the model's events: the agent that is active
   * @param rules Default: the server runs all calls, and no user is asked
   */
  constructor(
    author: Pick<InvocationNames, 'agentName'>,
    turn: TurnView,
    emit: EmitEvent,
    rules: CallRules = NO_RULES,
  ) {
    this.#author = author;
    this.#turn = turn;
    this.#emit = emit;
    this.#rules = rules;
  }

  /** Whether part of a reply was emitted whose complete text is not known yet. */
  get midReply(): boolean {
    return this.#text !== '' || this.#output !== '';
  }

  onModelEvent(event: ModelEvent): void {
    switch (event.type) {
      case 'audio':
        this.#onReplyPart();
        this.#emitPart({ inlineData: { mimeType: event.mimeType, data: event.data } });
        return;
      case 'text':
        this.#onText(event.text, event.thought);
        return;
      case 'interim_transcript':
        this.#onInterimTranscript(event.text);
        return;
      case 'input_transcript':
        this.#onInputTranscript(event);
        return;
      case 'output_transcript':
        this.#onOutputTranscript(event);
        return;
      case 'code':
        this.#flushText();
        this.#onReplyPart();
        this.#emitPart(event.part);
        return;
      case 'tool_call':
        this.#onToolCall(event.calls);
        return;
      case 'tool_cancel':
        this.addToolEvent({ author: this.#author.agentName, toolCancellation: event.ids });
        return;
      case 'usage':
        this.#emit({ author: this.#author.agentName, usageMetadata: event.usage });
        return;
      case 'grounding':
        this.#emit({ author: this.#author.agentName, groundingMetadata: event.metadata });
        return;
      case 'voice_activity':
        this.#emit({ author: this.#author.agentName, voiceActivity: event.activity });
        return;
      case 'session_id':
        this.#emit({ author: this.#author.agentName, liveSessionId: event.id });
        return;
      case 'resumption':
        if (event.handle === undefined) return;
        this.#emit({
          author: this.#author.agentName,
          liveSessionResumptionUpdate: { newHandle: event.handle, resumable: true },
        });
        return;
      case 'generation_complete':
        this.#flushAll();
        return;
      case 'interrupted':
        this.#endReply({ interrupted: true });
        return;
      case 'turn_complete':
        this.#endReply({
          turnComplete: true,
          ...omitUndefined({
            turnCompleteReason: event.reason,
            errorCode: event.failure === undefined ? undefined : event.reason,
            errorMessage: event.failure,
          }),
        });
        return;
    }
  }

  /** Emits what became of a tool call. If the call itself is held, the event is held behind the call. */
  addToolEvent(body: EventBody): void {
    if (this.#held.length > 0) this.#holdOrEmit(body);
    else this.#emit(body);
  }

  /** Emits that the results of calls are not needed any more. @param ids none: nothing is emitted */
  addCancellation(ids: readonly string[]): void {
    if (ids.length > 0) this.addToolEvent({ author: this.#author.agentName, toolCancellation: [...ids] });
  }

  /** Ends a reply that was lost with its connection. The turn has applied the loss before. */
  onConnectionLost(): void {
    const { outputStarted, interrupted } = this.#turn.previous;
    if (!outputStarted) {
      this.discardPartialInput();
      return;
    }
    if (!interrupted) this.#endReply({ interrupted: true });
    this.#endReply({ turnComplete: true });
  }

  /** Discards the user's incomplete transcript, because the speech will be replayed and transcribed again. */
  discardPartialInput(): void {
    if (this.#held.length > 0) this.#flushInput();
    this.#stopLateWordsTimer();
    this.#input = '';
  }

  /** Discards what the agent has said so far and was not emitted as complete. */
  discardReply(): void {
    this.#output = '';
    this.#text = '';
  }

  /** Emits what the agent has said so far as complete, because another agent continues. */
  completeReply(): void {
    this.#flushOutput();
    this.#flushText();
  }

  /** Emits what the user has said so far as complete. */
  completeInput(): void {
    this.#flushInput();
  }

  /** The run ends: emits incomplete texts as far as they are known, and marks a reply as interrupted. */
  interrupt(): void {
    if (this.midReply) this.#endReply({ interrupted: true });
    else this.#flushInput();
  }

  #onText(text: string, thought: boolean): void {
    if (thought !== this.#thought) this.#flushText();
    this.#onReplyPart();
    this.#thought = thought;
    this.#text += text;
    this.#emit({ author: this.#author.agentName, content: this.#createModelText(text), partial: true });
    if (this.#text.length > MAX_PENDING) this.#flushText();
  }

  #onToolCall(calls: readonly FunctionCall[]): void {
    this.#flushText();
    const parts = calls.map((functionCall): Part => ({ functionCall }));
    const clientToolIds = calls.filter((call) => this.#rules.isClientCall(call)).map(({ id }) => id);
    const confirmToolIds = calls.filter((call) => this.#rules.needsConfirmation(call)).map(({ id }) => id);
    const longRunningToolIds = calls.filter((call) => this.#rules.isLongRunning(call)).map(({ id }) => id);
    this.#holdOrEmit({
      author: this.#author.agentName,
      content: { role: 'model', parts },
      ...(longRunningToolIds.length > 0 ? { longRunningToolIds } : {}),
      ...(clientToolIds.length > 0 ? { clientToolIds } : {}),
      ...(confirmToolIds.length > 0 ? { confirmToolIds } : {}),
    });
  }

  #onInterimTranscript(whole: string): void {
    const text = keepEnd(whole, MAX_INTERIM);
    if (text === this.#interim) return;
    this.#interim = text;
    this.#emit({ author: 'user', interimInputTranscription: { text }, partial: true });
  }

  #onInputTranscript({ text, finished }: Transcription): void {
    if (this.#input === '') this.#inputIsLate = this.#turn.previous.awaitsLateWords;
    this.#input += text;
    this.#interim = '';
    if (text) this.#emit({ author: 'user', inputTranscription: { text, finished: false }, partial: true });
    if (finished || this.#input.length > MAX_PENDING) this.#flushInput();
    // Nothing else would end these words before the next question.
    else if (this.#inputIsLate) this.#awaitLateWords();
  }

  #onOutputTranscript({ text, finished }: Transcription): void {
    if (text) {
      this.#onReplyPart();
      this.#output += text;
      this.#emit({ author: this.#author.agentName, outputTranscription: { text, finished: false }, partial: true });
    }
    if (finished || this.#output.length > MAX_PENDING) this.#flushOutput();
  }

  /** More of the reply ends the wait for the user's last words if tool events are held. The first part of the reply starts the wait. */
  #onReplyPart(): void {
    if (this.#held.length > 0) this.#flushInput();
    else if (!this.#turn.previous.answerStarted && this.#input) this.#awaitLateWords();
  }

  #holdOrEmit(body: EventBody): void {
    if (!this.#input) {
      this.#emit(body);
      return;
    }
    this.#held.push(body);
    if (this.#held.length > MAX_HELD_EVENTS) this.#flushInput();
    else this.#awaitLateWords();
  }

  #awaitLateWords(): void {
    this.#lateWordsTimer ??= setTimeout(() => this.#flushInput(), LATE_WORDS_MS).unref();
  }

  #stopLateWordsTimer(): void {
    clearTimeout(this.#lateWordsTimer);
    this.#lateWordsTimer = undefined;
  }

  #endReply(fields: Omit<EventBody, 'author'>): void {
    this.#flushAll();
    this.#emit({ author: this.#author.agentName, ...fields });
  }

  /** Emits input before output, as ADK does. */
  #flushAll(): void {
    this.#flushInput();
    this.#flushOutput();
    this.#flushText();
  }

  #flushInput(): void {
    this.#stopLateWordsTimer();
    const text = this.#input;
    this.#input = '';
    const answered = this.#inputIsLate ? { answered: true } : {};
    if (text) this.#emit({ author: 'user', inputTranscription: { text, finished: true }, ...answered });
    const held = this.#held;
    this.#held = [];
    for (const body of held) this.#emit(body);
  }

  #flushOutput(): void {
    if (!this.#output) return;
    this.#flushInput();
    this.#emit({ author: this.#author.agentName, outputTranscription: { text: this.#output, finished: true } });
    this.#output = '';
  }

  #flushText(): void {
    if (!this.#text) return;
    this.#flushInput();
    this.#emit({ author: this.#author.agentName, content: this.#createModelText(this.#text) });
    this.#text = '';
  }

  #emitPart(part: Part): void {
    this.#emit({ author: this.#author.agentName, content: { role: 'model', parts: [part] } });
  }

  #createModelText(text: string): { role: 'model'; parts: Part[] } {
    return { role: 'model', parts: [this.#thought ? { text, thought: true } : { text }] };
  }
}
