import type { ModelEvent } from '../../models/realtime-model.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { ToolCalls } from '../tools/tool-calls.ts';
import type { ActiveAgent } from './active-agent.ts';
import type { AudioRecorder } from './audio-recorder.ts';
import type { Replacement } from './callback-calls.ts';
import { completeExchange } from './complete-exchange.ts';
import type { EventAssembler } from './event-assembler.ts';
import type { EmitEvent } from './event-factory.ts';
import type { ModelLink } from './model-link.ts';
import type { TurnView } from './turn-state.ts';

export interface ReplyReplacementOptions {
  readonly active: ActiveAgent;
  readonly turn: TurnView;
  readonly conversation: LiveConversation;
  readonly toolCalls: ToolCalls;
  readonly assembler: EventAssembler;
  readonly audioRecorder: AudioRecorder | undefined;
  readonly link: ModelLink;
  readonly emit: EmitEvent;
  /** Applies an event in place of one that the model did not send. */
  readonly apply: (event: ModelEvent) => void;
}

/** Words that nobody may see or hear again. */
export interface BlockedWords {
  /** Events of the conversation with the words. */
  readonly eventIds: readonly string[];
  /** Whether the user has spoken such words. Default: they are those of the reply. */
  readonly isSpeech?: boolean;
}

/** Puts the text of a callback in the place of a reply. */
export class ReplyReplacement {
  readonly #options: ReplyReplacementOptions;
  #isEmitting = false;

  constructor(options: ReplyReplacementOptions) {
    this.#options = options;
  }

  /** Whether the event that is being emitted has the text of a callback. */
  get isEmitting(): boolean {
    return this.#isEmitting;
  }

  /** Emits the text as a reply of its own, for a message that was not sent to the model. */
  answer(replacement: Replacement): void {
    this.#emitText(replacement);
    this.#options.emit({ author: this.#options.active.agentName, turnComplete: true });
  }

  /**
   * Ends the reply that is being given or awaited. Clients learn at once that it is interrupted, and silence it. The rest is discarded, and nothing of it
   * is stored or told to the model: a fresh connection knows the conversation without it.
   * @param blocked what must not be stored or told again
   */
  replaceReply(replacement: Replacement, blocked: BlockedWords): void {
    const { turn, toolCalls, assembler, link, apply } = this.#options;
    this.#discard(blocked);
    const { cancelled } = toolCalls.interruptExchange();
    assembler.addCancellation(cancelled);
    if (turn.state.outputStarted && !turn.state.interrupted) apply({ type: 'interrupted' });
    this.#emitText(replacement);
    completeExchange(turn, apply);
    link.replaceConnection();
  }

  /**
   * Withdraws a reply that is complete: clients may still be playing it. A question that the model answers meanwhile is asked again on the fresh
   * connection.
   */
  withdrawReply(replacement: Replacement, blocked: BlockedWords): void {
    const { active, link, emit } = this.#options;
    this.#discard(blocked);
    emit({ author: active.agentName, interrupted: true });
    this.answer(replacement);
    link.replaceConnection();
  }

  #discard({ eventIds, isSpeech }: BlockedWords): void {
    const { conversation, assembler, audioRecorder } = this.#options;
    conversation.discard(new Set(eventIds));
    assembler.discardReply();
    audioRecorder?.discard('output');
    if (isSpeech) audioRecorder?.discard('input');
  }

  /** Clients of the plain dialect see increments only, those of ADK take the complete text in their place. */
  #emitText({ text, stateDelta, failed }: Replacement): void {
    const { active, emit } = this.#options;
    const author = active.agentName;
    const actions = stateDelta ? { actions: { stateDelta } } : {};
    if (failed) {
      emit({ author, errorCode: 'CALLBACK_FAILED', errorMessage: 'A callback of the agent has failed', ...actions });
      return;
    }
    const content = { role: 'model', parts: [{ text }] };
    this.#isEmitting = true;
    emit({ author, content, partial: true });
    emit({ author, content, ...actions });
    this.#isEmitting = false;
  }
}
