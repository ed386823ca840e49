import type { ModelEvent } from '../../models/realtime-model.ts';
import type { AgentEvent, UpstreamStatus } from '../../wire/agent-event.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Replacement, Verdict } from './callback-calls.ts';
import type { LiveRunOptions } from './run-options.ts';
import { type RunFlow, RunParts } from './run-parts.ts';
import type { Stall } from './watchdog.ts';

/**
 * Run of an agent: a conversation between a request queue and a model. The parts of a run do not know each other; this class passes each event of the
 * model to all of them in one order.
 */
export class LiveRun implements RunFlow {
  readonly #options: LiveRunOptions;
  readonly #parts: RunParts;
  readonly #onAbort = () => this.#abort();
  /** Whether the run was aborted, or its reader has left. */
  #ended = false;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.#parts = new RunParts(options, this);
  }

  /**
   * Starts the run. Its events end, or fail with the run's error, when the run is over.
   * @param onEnd called before the reader of the events learns of their end. It calls `finish`, which can also be called earlier to end the run
   */
  start(onEnd: () => Promise<void>): AsyncIterator<AgentEvent, void> {
    const { output, callbacks } = this.#parts;
    output.onEnd(onEnd);
    this.#options.abortSignal?.addEventListener('abort', this.#onAbort);
    const verdict = callbacks.beforeAgent();
    if (verdict instanceof Promise) {
      verdict.then((settled) => this.#begin(settled)).catch((error) => output.end(error));
    } else this.#begin(verdict);
    return output.events;
  }

  /** @param verdict what takes the place of the run. `undefined`: the run begins */
  #begin(verdict: Verdict): void {
    if (this.#ended) return;
    if (verdict) {
      this.onReplaced(verdict);
      return;
    }
    this.#reportActiveAgent();
    const { output, link, pump, compactor } = this.#parts;
    compactor?.start();
    const onError = (error: unknown) => output.end(error);
    link
      .run()
      .then(() => this.#endAgent())
      .catch(onError);
    pump
      .run()
      .then(() => link.close())
      .catch(onError);
  }

  /** Ends the run with the reply of a callback. The messages that wait are part of the conversation, and nothing else answers them. */
  onReplaced(verdict: Replacement): void {
    if (this.#ended) return;
    const { output, state, toolReports, toolCalls } = this.#parts;
    this.#ended = true;
    if (verdict.failed) {
      output.end(new WireError('agent_failed'));
      return;
    }
    const reports: Promise<void>[] = [];
    for (const { request } of this.#options.liveRequestQueue.drain()) {
      if (request.state_delta) state.applyRequest(request.state_delta);
      if (request.content) output.recordTyped(request.content, request, false);
      // The app was told that its result is accepted, and sends it once.
      for (const result of request.tool_results ?? []) reports.push(toolReports.answer(result, toolCalls));
    }
    if (reports.length === 0) this.#answer(verdict);
    else
      Promise.all(reports)
        .then(() => this.#answer(verdict))
        .catch((error) => output.end(error));
  }

  #answer(verdict: Replacement): void {
    const { output, active, screening } = this.#parts;
    screening.replacement.answer(verdict);
    // Otherwise the microphone of a client would start the next run, and the callback would answer again.
    output.emit({ author: active.agentName, actions: { endOfAgent: true } });
    output.end();
  }

  /** Tells the reader that the run continues with another agent than the first, because the conversation was transferred in an earlier run. */
  #reportActiveAgent(): void {
    const { active, output } = this.#parts;
    const { agentName, agent } = active;
    if (agent !== this.#options.tree.first) output.emit({ author: agentName, actions: { transferToAgent: agentName } });
  }

  /** The run has ended by itself. */
  async #endAgent(): Promise<void> {
    const { output, active, callbacks, screening, end } = this.#parts;
    if (!this.#ended) {
      const verdict = await callbacks.afterAgent();
      if (verdict && !verdict.failed) screening.replacement.answer(verdict);
    }
    if (end.isOver) output.emit({ author: active.agentName, actions: { endOfAgent: true } });
    output.end();
  }

  onEndedByAgent(): void {
    if (this.#ended) return;
    const { assembler, link } = this.#parts;
    assembler.interrupt();
    link.close();
  }

  #abort(): void {
    const { watchdog, toolCalls, assembler, link, output } = this.#parts;
    this.#ended = true;
    watchdog?.stop();
    toolCalls.cancelAll();
    assembler.interrupt();
    link.close();
    output.end();
  }

  /** Releases everything that the run holds. Resolves when the rest of the conversation is stored. */
  async finish(): Promise<void> {
    try {
      await this.#stopParts();
    } finally {
      this.#parts.output.close();
      await this.#options.conversation.release();
    }
  }

  async #stopParts(): Promise<void> {
    const { abortSignal, liveRequestQueue } = this.#options;
    const { watchdog, end, toolCalls, toolReports, updates, frames, link, replayBuffer, pump } = this.#parts;
    const { assembler, screening, recorder, audioRecorder, pictureRecorder, compactor } = this.#parts;
    this.#ended = true;
    compactor?.close();
    end.close();
    watchdog?.stop();
    abortSignal?.removeEventListener('abort', this.#onAbort);
    toolReports.close();
    toolCalls.close();
    updates.close();
    frames.stop();
    link.close();
    replayBuffer.close();
    const handled = pump.close();
    liveRequestQueue.release();
    assembler.interrupt();
    await screening.finish(handled);
    // Commit what was said now. The audio recorder adds events of its own, which may take longer.
    recorder.finish();
    await audioRecorder?.finish();
    recorder.finish();
    await pictureRecorder?.finish();
  }

  onStatus(status: UpstreamStatus): void {
    const { output, active, greeting, link, updates } = this.#parts;
    output.emit({ author: active.agentName, status });
    greeting?.onStatus(status, link.connection);
    // There may be a new connection.
    if (status.upstream === 'reseeded') updates.onReseeded();
    updates.flush();
  }

  onModelEvent(event: ModelEvent): void {
    const { watchdog, recovery, screening, end } = this.#parts;
    // A connection that is closing still delivers what was on its way. No tool may run for it, and nothing may be recorded.
    if (this.#ended || end.isOver) return;
    const stall = watchdog?.examineTurnEnd(event);
    if (stall) recovery.recover(stall);
    else if (!screening.examine(event)) this.apply(event);
  }

  /** Applies an event of the model. The order matters: the turn first, because the other parts read it; tools last, because they may answer. */
  apply(event: ModelEvent): void {
    const { turn, toolCalls, updates, replayBuffer, background, assembler, audioRecorder, watchdog, end } = this.#parts;
    turn.apply(event);
    const isExchangeOver = turn.state.exchange !== turn.previous.exchange;
    if (event.type === 'tool_cancel') {
      toolCalls.cancel(event.ids);
      updates.discard(event.ids);
    }
    if (isExchangeOver) {
      toolCalls.completeExchange();
      replayBuffer.completeExchange();
      updates.completeExchange();
    }
    background.onModelEvent(event);
    assembler.onModelEvent(event);
    audioRecorder?.onModelEvent(event);
    watchdog?.onModelEvent(event);
    if (event.type === 'tool_call') for (const call of event.calls) toolCalls.start(call);
    updates.flush();
    if (!isExchangeOver) return;
    end.onExchangeEnd();
    this.#parts.compactor?.check();
  }

  onStall(stall: Stall): void {
    if (!this.#ended) this.#parts.recovery.recover(stall);
  }
}
