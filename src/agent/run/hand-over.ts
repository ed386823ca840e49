import type { ModelConnection, ModelEvent } from '../../models/realtime-model.ts';
import type { FunctionResponse } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { Agent } from '../agent.ts';
import type { ToolCalls } from '../tools/tool-calls.ts';
import type { ActiveAgent } from './active-agent.ts';
import type { CallbackCalls, Replacement } from './callback-calls.ts';
import { completeExchange } from './complete-exchange.ts';
import type { EventAssembler } from './event-assembler.ts';
import type { EmitEvent } from './event-factory.ts';
import type { Move } from './hand-over-requests.ts';
import type { ModelLink } from './model-link.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import type { LiveTurn } from './turn-state.ts';

export interface HandOverOptions {
  readonly active: ActiveAgent;
  readonly turn: LiveTurn;
  readonly toolCalls: ToolCalls;
  readonly replayBuffer: ReplayBuffer;
  readonly assembler: EventAssembler;
  readonly link: ModelLink;
  readonly callbacks: CallbackCalls;
  readonly emit: EmitEvent;
  /** Text that makes the model speak first. */
  readonly opening: string;
  /** Applies an event in place of one of the model. */
  readonly apply: (event: ModelEvent) => void;
  /** Sends a request to the model that nobody has typed. */
  readonly send: (connection: ModelConnection, input: LiveRequest) => void;
  /** Called with the reply of a callback that takes the place of an agent. */
  readonly onReplaced: (replacement: Replacement) => void;
  /** Called with an error that ends the run. */
  readonly onError: (error: unknown) => void;
  /** Called when the last step of a sequence is complete. */
  readonly onSequenceEnd: () => void;
}

/** Asks an agent to speak that has no question to answer, because the step before it is complete. */
const PROMPT = '(It is your turn now: continue the conversation with your part.)';

/**
 * Moves the conversation from one agent to another. The connection of the first agent is left for a fresh one, because the instruction of a session of
 * the provider cannot change (livekit fork, entry 15). The fresh connection is told the conversation, then what the user said and no agent has answered.
 */
export class HandOver {
  readonly #options: HandOverOptions;
  /** Results of the calls that were made for the open question. */
  #results: readonly FunctionResponse[] = [];
  /** Whether the agent that takes over has no connection yet. */
  #isMoving = false;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /**
   * Ends what the agent was doing that a move leaves. Call it before the result of the call that asked for the move is reported: what the agent has said
   * and done belongs before the result, because the next run of the conversation starts with the agent that its last event names.
   * @param response result of the call. No model receives it
   */
  prepare(move: Move, response: FunctionResponse): void {
    const { toolCalls, assembler } = this.#options;
    toolCalls.forget(response.id);
    if (move.kind !== 'transfer') return;
    // The other agent decides for itself what it needs for the answer.
    const { cancelled, results } = toolCalls.interruptExchange();
    this.#results = results;
    assembler.addCancellation(cancelled);
    toolCalls.stopBackground();
    assembler.completeReply();
  }

  /** Carries a move out that was prepared. */
  start(move: Move): void {
    if (move.kind === 'transfer') this.#moveTo(move.agent);
    else if (move.kind !== 'none') this.#completeStep(move);
  }

  /** The fresh connection is open, and the one before is left. Repeats what the user said since the last complete exchange. */
  onSwitched(): void {
    const { turn, toolCalls, replayBuffer, assembler } = this.#options;
    const { results } = toolCalls.interruptExchange();
    turn.apply({ type: 'connection_lost' });
    replayBuffer.interruptExchange([...this.#results, ...results]);
    this.#results = [];
    const { questionEnd, heardText } = turn.previous;
    // Speech without a known end is repeated as audio, and transcribed again. All other words are repeated as text.
    if (questionEnd === undefined && heardText !== '') assembler.discardPartialInput();
    else assembler.completeInput();
  }

  /** Asks an agent that has taken over to speak, unless it has something to answer. Call it with each new connection, when everything is repeated. */
  onReconnected(connection: ModelConnection): void {
    const { active, turn, opening, send } = this.#options;
    const isPrompted = this.#isMoving && turn.state.phase === 'idle';
    this.#isMoving = false;
    if (!isPrompted) return;
    const text = active.agent.greeting === undefined ? PROMPT : opening;
    send(connection, { content: { role: 'user', parts: [{ text }] } });
  }

  #completeStep(move: Extract<Move, { kind: 'next_step' | 'sequence_end' }>): void {
    const { active, turn, toolCalls, apply, emit, onSequenceEnd } = this.#options;
    const { agentName: author } = active;
    completeExchange(turn, apply);
    if (move.kind === 'sequence_end') {
      onSequenceEnd();
      return;
    }
    toolCalls.stopBackground();
    emit({ author, actions: { transferToAgent: move.agent.name } });
    this.#moveTo(move.agent);
  }

  /** Makes another agent the active one. Its connection is opened when its callback lets it. */
  #moveTo(agent: Agent): void {
    const { active, link, callbacks, onReplaced, onError } = this.#options;
    const isLeft = callbacks.afterAgent();
    if (isLeft instanceof Promise) isLeft.catch(onError);
    active.switchTo(agent);
    this.#isMoving = true;
    const verdict = callbacks.beforeAgent();
    if (verdict instanceof Promise) {
      const admission = verdict.then((settled) => settled && onReplaced(settled));
      active.waitFor(admission);
      admission.catch(onError);
    } else if (verdict !== undefined) {
      onReplaced(verdict);
      return;
    }
    link.handOver();
  }
}
