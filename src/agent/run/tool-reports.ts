import type { ModelCapabilities } from '../../models/realtime-model.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import { BoundedMap } from '../../wire/bounded-map.ts';
import type { ClientToolResult } from '../../wire/live-request.ts';
import type { ToolUpdate } from '../tools/background-calls.ts';
import { findPendingCall } from '../tools/pending-calls.ts';
import type { ToolCalls, ToolResult } from '../tools/tool-calls.ts';
import type { ActiveAgent } from './active-agent.ts';
import type { EventAssembler } from './event-assembler.ts';
import type { HandOver } from './hand-over.ts';
import type { HandOverRequests } from './hand-over-requests.ts';
import type { ModelLink } from './model-link.ts';
import { sendToolResult } from './send-tool-result.ts';
import type { UpdateSender } from './update-sender.ts';
import type { Watchdog } from './watchdog.ts';

export interface ToolReportsOptions {
  readonly active: ActiveAgent;
  readonly conversation: LiveConversation;
  readonly capabilities: ModelCapabilities;
  readonly assembler: EventAssembler;
  readonly handOverRequests: HandOverRequests;
  readonly handOver: HandOver;
  readonly link: ModelLink;
  readonly updates: UpdateSender;
  /** `undefined`: off. */
  readonly watchdog: Watchdog | undefined;
}

/** Maximum number of calls of earlier runs whose result is remembered. */
const MAX_ANSWERED = 200;

/** Passes on what tools return: to the reader of the run, and to the model or to the agent that takes over. */
export class ToolReports {
  readonly #options: ToolReportsOptions;
  /** Calls of earlier runs that have their result. The conversation gets it later if the event waits for the last words of the user. */
  readonly #answered = new BoundedMap<string, true>(MAX_ANSWERED);
  #isClosed = false;

  constructor(options: ToolReportsOptions) {
    this.#options = options;
  }

  /** Returns whether the result needs nothing more: a connection received it, or another agent takes over. */
  onResult(result: ToolResult): boolean {
    if (this.#report(result)) return true;
    const { link, watchdog, capabilities } = this.#options;
    const { connection } = link;
    if (connection) sendToolResult(connection, result, capabilities);
    watchdog?.onInput();
    return connection !== undefined;
  }

  /** Reports a result for which the model does not wait, and tells the model in time. */
  onUpdate(update: ToolUpdate): void {
    if (!this.#report(update)) this.#options.updates.add(update);
  }

  /** Calls were stopped: by the model, or because another agent takes over. */
  onStopped(ids: readonly string[]): void {
    const { assembler, updates } = this.#options;
    updates.discard(ids);
    assembler.addCancellation(ids);
  }

  /**
   * Receives a result of a client or an app. The call may be a long-running one of an earlier run of the conversation.
   * @returns resolves when the result is passed on. Rejects with an error that ends the run
   */
  async answer(result: ClientToolResult, calls: ToolCalls): Promise<void> {
    if (calls.answer(result)) return;
    const { conversation } = this.#options;
    await conversation.loaded;
    if (this.#isClosed || this.#answered.has(result.id)) return;
    const call = findPendingCall(conversation.events, result.id);
    if (!call) return;
    this.#answered.set(result.id, true);
    calls.answerEarlier(call, result);
  }

  /** The run is over. */
  close(): void {
    this.#isClosed = true;
  }

  /** Emits a result. Returns whether no model receives it, because another agent takes over with it. A result that others follow, after the first one, is not stored. */
  #report(result: ToolResult | ToolUpdate): boolean {
    const { active, assembler, handOverRequests, handOver } = this.#options;
    const { response, stateDelta } = result;
    const isOneOfSeveral = 'scheduling' in result && response.willContinue === true;
    const move = isOneOfSeveral ? undefined : handOverRequests.take(response.id);
    if (move) handOver.prepare(move, response);
    const actions = {
      ...(stateDelta ? { stateDelta } : {}),
      ...(move?.kind === 'transfer' ? { transferToAgent: move.agent.name } : {}),
    };
    assembler.addToolEvent({
      author: active.agentName,
      content: { role: 'user', parts: [{ functionResponse: response }] },
      ...(Object.keys(actions).length > 0 ? { actions } : {}),
      // The event of a change of state is stored.
      ...(isOneOfSeveral && !stateDelta ? { partial: true } : {}),
    });
    if (move) handOver.start(move);
    return move !== undefined;
  }
}
