import { AsyncQueue } from '../../models/async-queue.ts';
import type { ModelEvent, RealtimeModel } from '../../models/realtime-model.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { AgentEvent, Content, UpstreamStatus } from '../../wire/agent-event.ts';
import { toErrorDetails } from '../../wire/error-text.ts';
import type { Blob, ClientToolResult, LiveRequest } from '../../wire/live-request.ts';
import type { MemoryCounter } from '../../wire/memory-share.ts';
import type { SessionPersona } from '../../wire/session-config.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Agent } from '../agent.ts';
import type { AgentTree } from '../agent-tree.ts';
import { createInstruction } from '../instruction.ts';
import type { LiveRequestQueue } from '../live-request-queue.ts';
import { type RunConfig, WATCHDOG_LIMITS } from '../run-config.ts';
import type { Tool } from '../tool.ts';
import type { ToolUpdate } from '../tools/background-calls.ts';
import { declareTool } from '../tools/call-mode.ts';
import { findPendingCall } from '../tools/pending-calls.ts';
import { ToolCalls, type ToolResult } from '../tools/tool-calls.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import { ActiveAgent } from './active-agent.ts';
import { AudioRecorder } from './audio-recorder.ts';
import { BackgroundWork } from './background-work.ts';
import { CallbackCalls, type Replacement, type Verdict } from './callback-calls.ts';
import { checkImages } from './check-images.ts';
import { ConnectionChanges } from './connection-changes.ts';
import { ConversationRecorder } from './conversation-recorder.ts';
import { EventAssembler } from './event-assembler.ts';
import { type CreateEvent, createEventFactory, createInvocationId, type EventBody } from './event-factory.ts';
import { FramePacer } from './frame-pacer.ts';
import { Greeting } from './greeting.ts';
import { HandOver } from './hand-over.ts';
import { HandOverRequests } from './hand-over-requests.ts';
import { InputConverter } from './input-converter.ts';
import { InputPump } from './input-pump.ts';
import { InputSender } from './input-sender.ts';
import { ModelLink } from './model-link.ts';
import { toModelSetup } from './model-setup.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import { ResponseRequests } from './response-requests.ts';
import { RunHistory } from './run-history.ts';
import { RunState, readStateDelta } from './run-state.ts';
import { Screening } from './screening.ts';
import { createTypedEvent } from './send-request.ts';
import { sendToolResult } from './send-tool-result.ts';
import { StallRecovery } from './stall-recovery.ts';
import { LiveTurn } from './turn-state.ts';
import { UpdateSender } from './update-sender.ts';
import { UserSpeech } from './user-speech.ts';
import { type Stall, Watchdog } from './watchdog.ts';

export interface LiveRunOptions {
  readonly tree: AgentTree;
  /** Agent with which the run starts. */
  readonly agent: Agent;
  /** Tools of this agent and of its toolsets. */
  readonly tools: readonly Tool[];
  /** Lists the tools of an agent and of its toolsets. Never rejects. */
  readonly listTools: (agent: Agent) => Promise<readonly Tool[]>;
  readonly model: RealtimeModel;
  /** Conversation of the run. The run releases it at its end. */
  readonly conversation: LiveConversation;
  /** Stores the audio of a run with `saveLiveBlob`. */
  readonly artifacts: ArtifactStore | undefined;
  /** Config of the run, with that of the agent merged in with which the run starts. */
  readonly runConfig: RunConfig;
  /**
   * Resolves the config of the model connections of an agent, such as its voice.
   * @throws {WireError} invalid_run_config
   */
  readonly resolveConfig: (agent: Agent) => RunConfig;
  /** Who the agent is, as a client decided. Default: as the author decided. */
  readonly persona?: SessionPersona | undefined;
  readonly liveRequestQueue: LiveRequestQueue;
  readonly abortSignal: AbortSignal | undefined;
  /** Default: what tools do wrong is not logged. */
  readonly logger: ToolLogger | undefined;
  /** Counts what the run holds in memory. */
  readonly memory: MemoryCounter | undefined;
}

/** Maximum time in which a run ends after a tool has asked for its end, in ms. Usually it ends with the reply. */
const END_MS = 30_000;
/** Maximum number of events that wait for the reader of `events()`. One more ends the run with an error. */
const MAX_WAITING_EVENTS = 10_000;

/**
 * Run of an agent: a conversation between a request queue and a model. The parts of a run do not know each other; this class passes each event of the
 * model, and each change of the connection, to all of them in one order.
 */
export class LiveRun {
  readonly #options: LiveRunOptions;
  readonly #events = new AsyncQueue<AgentEvent>(MAX_WAITING_EVENTS);
  readonly #active: ActiveAgent;
  readonly #createEvent: CreateEvent;
  readonly #turn: LiveTurn;
  readonly #toolCalls: ToolCalls;
  readonly #updates: UpdateSender;
  readonly #speech = new UserSpeech();
  readonly #handOverRequests: HandOverRequests;
  readonly #handOver: HandOver;
  readonly #changes: ConnectionChanges;
  readonly #replayBuffer: ReplayBuffer;
  readonly #assembler: EventAssembler;
  readonly #audioRecorder: AudioRecorder | undefined;
  readonly #recorder: ConversationRecorder;
  readonly #state: RunState;
  readonly #callbacks: CallbackCalls;
  readonly #screening: Screening;
  readonly #frames: FramePacer;
  readonly #input: InputSender;
  readonly #link: ModelLink;
  readonly #pump: InputPump;
  /** `undefined`: off. */
  readonly #watchdog: Watchdog | undefined;
  readonly #recovery: StallRecovery;
  readonly #background: BackgroundWork;
  readonly #history: RunHistory;
  /** `undefined`: the agent waits for the user. */
  readonly #greeting: Greeting | undefined;
  readonly #onAbort = () => this.#abort();
  /** Whether the run was aborted, or its reader has left. */
  #ended = false;
  /** Whether the agent has ended the run. */
  #isEndedByAgent = false;
  /** Ends the run after a tool has asked for that, if the reply does not end. */
  #endTimer: NodeJS.Timeout | undefined;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    const { tree, agent, tools, listTools, model, conversation, artifacts, runConfig } = options;
    const { capabilities } = model;
    const emit = (body: EventBody) => this.#emit(body);
    const onError = (error: unknown) => this.#events.end(error);
    const proactive = capabilities.proactive || runConfig.proactivity?.proactiveAudio === true;

    const { userId, sessionId } = conversation.key;
    const invocationId = createInvocationId();
    this.#active = new ActiveAgent({ tree, agent, tools, listTools, userId, sessionId, invocationId });
    this.#createEvent = createEventFactory(runConfig.customMetadata, invocationId);
    this.#turn = new LiveTurn(capabilities.exchanges);
    this.#recorder = new ConversationRecorder(conversation);
    this.#state = new RunState(conversation.state, this.#active, emit);
    this.#callbacks = new CallbackCalls({ active: this.#active, state: this.#state, logger: options.logger });
    this.#replayBuffer = new ReplayBuffer(this.#turn, options.memory, capabilities);
    this.#background = new BackgroundWork(this.#turn, (status) => this.#onStatus(status));
    this.#history = new RunHistory({
      conversation,
      turn: this.#turn,
      replayBuffer: this.#replayBuffer,
      runConfig,
      invocation: this.#active,
      createEvent: this.#createEvent,
    });
    if (runConfig.saveLiveBlob && artifacts) {
      this.#audioRecorder = new AudioRecorder({
        artifacts,
        key: conversation.key,
        turn: this.#turn,
        author: this.#active,
        onStored: emit,
        onError,
        memory: options.memory,
      });
    }
    this.#handOverRequests = new HandOverRequests({
      tree,
      active: this.#active,
      turn: this.#turn,
      onEndRequested: () => this.#onEndRequested(),
      onRefreshRequested: () => this.#refreshAgent(),
    });
    this.#toolCalls = this.#createToolCalls(onError);
    this.#assembler = new EventAssembler(this.#active, this.#turn, emit, this.#toolCalls);
    this.#link = this.#createLink();
    if (runConfig.watchdog !== null) {
      this.#watchdog = new Watchdog({
        limits: { ...WATCHDOG_LIMITS, ...runConfig.watchdog },
        turn: this.#turn,
        proactive,
        isToolRunning: () => this.#toolCalls.isRunning,
        onStall: (stall) => this.#onStall(stall),
      });
    }
    this.#recovery = this.#createRecovery();
    this.#input = new InputSender({
      turn: this.#turn,
      replayBuffer: this.#replayBuffer,
      canTruncate: capabilities.truncation,
      proactive,
      onQuestion: () => this.#watchdog?.onInput(),
    });
    this.#updates = new UpdateSender({
      turn: this.#turn,
      capabilities,
      getConnection: () => this.#link.connection,
      isUserBusy: () => this.#input.holdsText || this.#pump.isUserSpeaking || this.#speech.isSpeaking,
      onSent: () => this.#watchdog?.onInput(),
      logger: options.logger,
    });
    this.#handOver = new HandOver({
      active: this.#active,
      turn: this.#turn,
      toolCalls: this.#toolCalls,
      replayBuffer: this.#replayBuffer,
      assembler: this.#assembler,
      link: this.#link,
      emit,
      opening: capabilities.opening,
      apply: (event) => this.#applyModelEvent(event),
      send: (connection, input) => this.#input.send(connection, input),
      onSequenceEnd: () => this.#endByAgent(),
    });
    this.#changes = new ConnectionChanges({
      active: this.#active,
      turn: this.#turn,
      history: this.#history,
      toolCalls: this.#toolCalls,
      replayBuffer: this.#replayBuffer,
      updates: this.#updates,
      assembler: this.#assembler,
      audioRecorder: this.#audioRecorder,
      watchdog: this.#watchdog,
      handOver: this.#handOver,
      capabilities,
      apply: (event) => this.#applyModelEvent(event),
    });
    this.#screening = new Screening({
      active: this.#active,
      calls: this.#callbacks,
      turn: this.#turn,
      conversation,
      recorder: this.#recorder,
      toolCalls: this.#toolCalls,
      assembler: this.#assembler,
      audioRecorder: this.#audioRecorder,
      link: this.#link,
      emit,
      apply: (event) => this.#applyModelEvent(event),
      onError,
    });
    this.#frames = new FramePacer(capabilities.input.framesPerSecond, (image) => this.#sendFrame(image));
    this.#pump = this.#createPump();
    if (agent.greeting !== undefined) {
      this.#greeting = new Greeting({
        opening: capabilities.opening,
        conversation,
        turn: this.#turn,
        hasInput: () => this.#pump.hasInput,
        send: (connection, input) => this.#input.send(connection, input),
      });
    }
  }

  /** Creates the record of the calls of the run. */
  #createToolCalls(onError: (error: unknown) => void): ToolCalls {
    const { runConfig, logger } = this.#options;
    return new ToolCalls({
      agent: this.#active,
      control: this.#handOverRequests,
      state: this.#state.values,
      timeoutMs: runConfig.toolTimeoutMs,
      logger,
      memory: this.#options.memory,
      onResult: (result) => this.#onToolResult(result),
      onUpdate: (update) => this.#onToolUpdate(update),
      onStopped: (ids) => this.#onToolsStopped(ids),
      onStateChanged: (stateDelta) => this.#state.emitDelta(stateDelta),
      onConfirmed: (toolConfirmation) => this.#assembler.addToolEvent({ author: 'user', toolConfirmation }),
      onError,
    });
  }

  /** Creates the link to the model. */
  #createLink(): ModelLink {
    const { model, runConfig } = this.#options;
    return new ModelLink({
      model,
      createSetup: () => this.#createSetup(),
      handle: runConfig.sessionResumption?.handle,
      usesHandles: runConfig.sessionResumption?.reseed !== true,
      awaitsResults: () => this.#toolCalls.hasPending,
      turn: this.#turn,
      loadHistory: () => this.#history.load(),
      onStatus: (status) => this.#onStatus(status),
      onEvent: (event) => this.#onModelEvent(event),
      onConnectionLost: (producedOutput) => this.#changes.onLost(producedOutput),
      onGivenUp: () => this.#history.passOver(),
      onReconnected: (connection) => this.#changes.onReconnected(connection),
      onSwitched: (connection) => this.#changes.onSwitched(connection),
      onRefreshFailed: (error) => this.#onRefreshFailed(error),
    });
  }

  /** Creates the setup of a connection for the agent that is active. What the state says is read when the conversation is loaded. */
  async #createSetup(): Promise<ReturnType<typeof toModelSetup>> {
    const { tree, model, conversation, resolveConfig, logger } = this.#options;
    const [tools] = await Promise.all([this.#active.waitForTools(), conversation.loaded]);
    const { agent, handOverRules } = this.#active;
    // A client decides who the agent is that it talks to, not who the others are.
    const persona = agent === tree.first ? this.#options.persona : undefined;
    const { userId, sessionId, invocationId } = this.#active;
    const context = { userId, sessionId, invocationId, agentName: agent.name, state: this.#state.reader };
    // The instruction of a client is no template: it could read keys that the client may not see.
    const instruction = persona?.instruction ?? (await createInstruction(agent.instruction, context, logger));
    return toModelSetup(
      agent,
      tools.map((tool) => declareTool(tool, model.capabilities.tools.scheduling)),
      resolveConfig(agent),
      model.capabilities,
      { instruction, handOverRules, userName: persona?.userName },
    );
  }

  /** Creates what gets a silent model to speak. */
  #createRecovery(): StallRecovery {
    return new StallRecovery({
      turn: this.#turn,
      link: this.#link,
      canNudge: this.#options.model.capabilities.nudge,
      report: (status) => this.#onStatus(status),
      apply: (event) => this.#applyModelEvent(event),
      onRefused: () => this.#history.leaveOutPassedOver(),
      onNudged: () => this.#watchdog?.onInput(),
    });
  }

  /** Creates the way of requests to the model. */
  #createPump(): InputPump {
    const { model, runConfig, liveRequestQueue, memory } = this.#options;
    const { capabilities } = model;
    const converter = new InputConverter({
      inputRate: capabilities.input.rate,
      manualActivity: runConfig.realtimeInputConfig?.automaticActivityDetection?.disabled === true,
      frames: this.#frames,
      checkRequest: (request) => checkImages(request, model),
      onInputAudio: (audio) => this.#audioRecorder?.recordInput(audio),
      memory,
    });
    const responses = new ResponseRequests({
      turn: this.#turn,
      converter,
      sender: this.#input,
      replayBuffer: this.#replayBuffer,
      history: this.#history,
      opening: capabilities.opening,
    });
    return new InputPump({
      queue: liveRequestQueue,
      link: this.#link,
      converter,
      resolveRespond: () => responses.resolve(),
      frames: this.#frames,
      applyState: (delta) => this.#state.applyRequest(delta),
      blocksMessage: (content) => this.#screening.blocksTyped(content),
      recordMessage: (content, pictures) => this.#recordMessage(content, pictures),
      confirmCall: (confirmation) => this.#toolCalls.confirm(confirmation),
      answerCall: (result) => this.#answerCall(result),
      copyInput: (request) => this.#copyInput(request),
      send: (connection, input, eventId) => this.#input.send(connection, input, eventId),
    });
  }

  /**
   * Starts the run. Its events end, or fail with the run's error, when the run is over.
   * @param onEnd called before the reader of the events learns of their end. It calls `finish`, which can also be called earlier to end the run
   */
  start(onEnd: () => Promise<void>): AsyncIterator<AgentEvent, void> {
    this.#events.onEnd(onEnd);
    this.#options.abortSignal?.addEventListener('abort', this.#onAbort);
    const verdict = this.#callbacks.beforeAgent();
    if (verdict instanceof Promise) {
      verdict.then((settled) => this.#begin(settled)).catch((error) => this.#events.end(error));
    } else this.#begin(verdict);
    return this.#events;
  }

  /** @param verdict what takes the place of the run. `undefined`: the run begins */
  #begin(verdict: Verdict): void {
    if (this.#ended) return;
    if (verdict) {
      this.#answerForAgent(verdict);
      return;
    }
    this.#reportActiveAgent();
    const onError = (error: unknown) => this.#events.end(error);
    this.#link
      .run()
      .then(() => this.#endAgent())
      .catch(onError);
    this.#pump
      .run()
      .then(() => this.#link.close())
      .catch(onError);
  }

  /** Ends the run with the reply of a callback. The messages that wait are part of the conversation, and nothing else answers them. */
  #answerForAgent(verdict: Replacement): void {
    if (verdict.failed) {
      this.#events.end(new WireError('agent_failed'));
      return;
    }
    for (const { request } of this.#options.liveRequestQueue.drain()) {
      if (request.state_delta) this.#state.applyRequest(request.state_delta);
      if (request.content) this.#recordMessage(request.content, request.pictures);
    }
    this.#screening.replacement.answer(verdict);
    this.#events.end();
  }

  /** The run has ended by itself. */
  async #endAgent(): Promise<void> {
    if (!this.#ended) {
      const verdict = await this.#callbacks.afterAgent();
      if (verdict && !verdict.failed) this.#screening.replacement.answer(verdict);
    }
    if (this.#isEndedByAgent) this.#emit({ author: this.#active.agentName, actions: { endOfAgent: true } });
    this.#events.end();
  }

  /** Tells the reader that the run continues with another agent than the first, because the conversation was transferred in an earlier run. */
  #reportActiveAgent(): void {
    const { agentName, agent } = this.#active;
    if (agent !== this.#options.tree.first) this.#emit({ author: agentName, actions: { transferToAgent: agentName } });
  }

  #abort(): void {
    this.#ended = true;
    this.#watchdog?.stop();
    this.#toolCalls.cancelAll();
    this.#assembler.interrupt();
    this.#link.close();
    this.#events.end();
  }

  /** Releases everything that the run holds. Resolves when the rest of the conversation is stored. */
  async finish(): Promise<void> {
    try {
      await this.#stopParts();
    } finally {
      await this.#options.conversation.release();
    }
  }

  async #stopParts(): Promise<void> {
    const { abortSignal, liveRequestQueue } = this.#options;
    this.#ended = true;
    clearTimeout(this.#endTimer);
    this.#watchdog?.stop();
    abortSignal?.removeEventListener('abort', this.#onAbort);
    this.#toolCalls.close();
    this.#updates.close();
    this.#frames.stop();
    this.#link.close();
    this.#replayBuffer.close();
    this.#pump.close();
    liveRequestQueue.release();
    this.#assembler.interrupt();
    await this.#screening.finish();
    // Commit what was said now. The audio recorder adds events of its own, which may take longer.
    this.#recorder.finish();
    await this.#audioRecorder?.finish();
    this.#recorder.finish();
  }

  #onStatus(status: UpstreamStatus): void {
    this.#emit({ author: this.#active.agentName, status });
    this.#greeting?.onStatus(status, this.#link.connection);
    // There may be a new connection.
    this.#updates.flush();
  }

  /** Applies an event of the model. The order matters: the turn first, because the other parts read it; tools last, because they may answer. */
  #onModelEvent(event: ModelEvent): void {
    // A connection that is closing still delivers what was on its way. No tool may run for it, and nothing may be recorded.
    if (this.#ended || this.#isEndedByAgent) return;
    const stall = this.#watchdog?.examineTurnEnd(event);
    if (stall) this.#recovery.recover(stall);
    else if (!this.#screening.examine(event)) this.#applyModelEvent(event);
  }

  #applyModelEvent(event: ModelEvent): void {
    this.#turn.apply(event);
    if (event.type === 'tool_cancel') {
      this.#toolCalls.cancel(event.ids);
      this.#updates.discard(event.ids);
    }
    if (this.#turn.state.exchange !== this.#turn.previous.exchange) {
      this.#toolCalls.completeExchange();
      this.#replayBuffer.completeExchange();
      this.#updates.completeExchange();
    }
    this.#background.onModelEvent(event);
    this.#assembler.onModelEvent(event);
    this.#audioRecorder?.onModelEvent(event);
    this.#watchdog?.onModelEvent(event);
    if (event.type === 'tool_call') for (const call of event.calls) this.#toolCalls.start(call);
    this.#updates.flush();
    if (this.#endTimer && this.#turn.state.exchange !== this.#turn.previous.exchange) this.#endByAgent();
  }

  #onStall(stall: Stall): void {
    if (!this.#ended) this.#recovery.recover(stall);
  }

  /** Returns whether the result needs nothing more: a connection received it, or another agent takes over. */
  #onToolResult(result: ToolResult): boolean {
    if (this.#reportResult(result)) return true;
    const { connection } = this.#link;
    if (connection) sendToolResult(connection, result, this.#options.model.capabilities);
    this.#watchdog?.onInput();
    return connection !== undefined;
  }

  /** Reports a result for which the model does not wait, and tells the model in time. */
  #onToolUpdate(update: ToolUpdate): void {
    if (!this.#reportResult(update)) this.#updates.add(update);
  }

  /** Emits a result. Returns whether another agent takes over with it. A result that others follow, after the first one, is not stored. */
  #reportResult(result: ToolResult | ToolUpdate): boolean {
    const { response, stateDelta } = result;
    const isOneOfSeveral = 'scheduling' in result && response.willContinue === true;
    const move = isOneOfSeveral ? undefined : this.#handOverRequests.take(response.id);
    const actions = {
      ...(stateDelta ? { stateDelta } : {}),
      ...(move?.kind === 'transfer' ? { transferToAgent: move.agent.name } : {}),
    };
    this.#assembler.addToolEvent({
      author: this.#active.agentName,
      content: { role: 'user', parts: [{ functionResponse: response }] },
      ...(Object.keys(actions).length > 0 ? { actions } : {}),
      // The event of a change of state is stored.
      ...(isOneOfSeveral && !stateDelta ? { partial: true } : {}),
    });
    if (move) this.#handOver.start(move, response);
    return move !== undefined;
  }

  /** Calls were stopped: by the model, or because another agent takes over. */
  #onToolsStopped(ids: readonly string[]): void {
    this.#updates.discard(ids);
    this.#assembler.addToolEvent({ author: this.#active.agentName, toolCancellation: [...ids] });
  }

  /** Follows what the user sends, for tools and for results that wait until the user has spoken. */
  #copyInput(request: LiveRequest): void {
    this.#speech.addInput(request);
    this.#toolCalls.addInput(request);
  }

  /** Receives a result of a client or an app. The call may be a long-running one of an earlier run of the conversation. */
  #answerCall(result: ClientToolResult): void {
    if (this.#toolCalls.answer(result)) return;
    const { conversation } = this.#options;
    const answerEarlier = () => {
      const call = this.#ended ? undefined : findPendingCall(conversation.events, result.id);
      if (call) this.#toolCalls.answerEarlier(call, result);
    };
    conversation.loaded.then(answerEarlier).catch((error) => this.#events.end(error));
  }

  #onEndRequested(): void {
    this.#endTimer ??= setTimeout(() => this.#endByAgent(), END_MS).unref();
  }

  /** Ends the run because its agent wants that. */
  #endByAgent(): void {
    clearTimeout(this.#endTimer);
    if (this.#ended) return;
    this.#assembler.interrupt();
    this.#isEndedByAgent = true;
    this.#link.close();
  }

  #refreshAgent(): void {
    this.#active.reloadTools();
    this.#link.refresh();
  }

  #onRefreshFailed(error: unknown): void {
    this.#options.logger?.warn(
      { err: toErrorDetails(error) },
      'the model could not be told of a new instruction: it keeps the one that it has',
    );
  }

  #recordMessage(content: Content, pictures = 0): string {
    const event = this.#createEvent(createTypedEvent(content, pictures));
    this.#recorder.recordTyped(event, this.#assembler.midReply);
    return event.id;
  }

  #sendFrame(image: Blob): void {
    try {
      this.#input.sendFrame(this.#link.connection, image);
    } catch (error) {
      // The pacer sends frames from a timer, where nobody catches an error.
      this.#events.end(error);
    }
  }

  #emit(body: EventBody): void {
    const branch = this.#active.findBranch(body.author);
    const event = this.#createEvent(branch === undefined ? body : { ...body, branch });
    this.#recorder.record(event, readStateDelta(event));
    this.#screening.onEmitted(event);
    if (this.#events.push(event)) return;
    this.#events.end(new Error(`${MAX_WAITING_EVENTS} events wait: nobody reads this run`));
  }
}
