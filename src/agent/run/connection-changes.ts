import type { ModelCapabilities, ModelConnection, ModelEvent } from '../../models/realtime-model.ts';
import type { ToolCalls } from '../tools/tool-calls.ts';
import type { AudioRecorder } from './audio-recorder.ts';
import type { EventAssembler } from './event-assembler.ts';
import type { HandOver } from './hand-over.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import type { RunHistory } from './run-history.ts';
import { sendRequest } from './send-request.ts';
import { sendToolResult } from './send-tool-result.ts';
import type { LiveTurn } from './turn-state.ts';
import type { UpdateSender } from './update-sender.ts';
import type { Watchdog } from './watchdog.ts';

export interface ConnectionChangesOptions {
  readonly turn: LiveTurn;
  readonly history: RunHistory;
  readonly toolCalls: ToolCalls;
  readonly replayBuffer: ReplayBuffer;
  readonly updates: UpdateSender;
  readonly assembler: EventAssembler;
  readonly audioRecorder: AudioRecorder | undefined;
  /** `undefined`: off. */
  readonly watchdog: Watchdog | undefined;
  readonly handOver: HandOver;
  /** What the model sees of the pictures in results of tools. */
  readonly capabilities: Pick<ModelCapabilities, 'input' | 'tools'>;
  /** Applies an event in place of one that the model did not send. */
  readonly apply: (event: ModelEvent) => void;
}

/** Passes each change of the model connection to the parts of a run, in one order: the turn first, because the other parts read it. */
export class ConnectionChanges {
  readonly #options: ConnectionChangesOptions;

  constructor(options: ConnectionChangesOptions) {
    this.#options = options;
  }

  onLost(producedOutput: boolean): void {
    const { turn, history, toolCalls, replayBuffer, updates, assembler, audioRecorder, watchdog, apply } =
      this.#options;
    // The user has the whole answer, so the question is not asked again. The next connection is told of both.
    if (turn.state.generated && !toolCalls.isRunning) apply({ type: 'turn_complete' });
    history.onConnectionLost(producedOutput);
    turn.apply({ type: 'connection_lost' });
    const { cancelled, results } = toolCalls.interruptExchange();
    replayBuffer.interruptExchange(results);
    updates.onConnectionLost();
    assembler.addCancellation(cancelled);
    assembler.onConnectionLost();
    audioRecorder?.onConnectionLost();
    watchdog?.onConnectionLost();
  }

  /** Repeats on a new connection what the model may not know. */
  onReconnected(connection: ModelConnection): void {
    const { toolCalls, replayBuffer, watchdog, handOver, capabilities } = this.#options;
    for (const result of toolCalls.reconnect()) sendToolResult(connection, result, capabilities);
    for (const request of replayBuffer.replay()) sendRequest(connection, request);
    watchdog?.onInput();
    handOver.onReconnected(connection);
  }

  /** A fresh connection takes the place of an open one, for another agent or another instruction. */
  onSwitched(connection: ModelConnection): void {
    const { handOver, updates, audioRecorder, watchdog } = this.#options;
    handOver.onSwitched();
    updates.onConnectionLost();
    audioRecorder?.onConnectionLost();
    watchdog?.onConnectionLost();
    this.onReconnected(connection);
    // Results may have waited for a connection, or were sent on the one before.
    updates.flush();
  }
}
