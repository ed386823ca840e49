import type { ModelEvent } from '../../models/realtime-model.ts';
import type { UpstreamStatus } from '../../wire/agent-event.ts';
import { toErrorDetails } from '../../wire/error-text.ts';
import type { Blob, ClientToolResult, LiveRequest } from '../../wire/live-request.ts';
import { WATCHDOG_LIMITS } from '../run-config.ts';
import { ToolCalls } from '../tools/tool-calls.ts';
import { ActiveAgent } from './active-agent.ts';
import { AudioRecorder } from './audio-recorder.ts';
import { BackgroundWork } from './background-work.ts';
import { CallbackCalls, type Replacement } from './callback-calls.ts';
import { checkImages } from './check-images.ts';
import { resolveRetention } from './compaction-batch.ts';
import { ConnectionChanges } from './connection-changes.ts';
import { ConversationRecorder } from './conversation-recorder.ts';
import { EventAssembler } from './event-assembler.ts';
import { createEventFactory, createInvocationId } from './event-factory.ts';
import { EventsCompactor } from './events-compactor.ts';
import { FramePacer } from './frame-pacer.ts';
import { Greeting } from './greeting.ts';
import { HandOver } from './hand-over.ts';
import { HandOverRequests } from './hand-over-requests.ts';
import { InputConverter } from './input-converter.ts';
import { InputPump } from './input-pump.ts';
import { InputSender } from './input-sender.ts';
import { ModelLink } from './model-link.ts';
import { PictureRecorder } from './picture-recorder.ts';
import { ReplayBuffer } from './replay-buffer.ts';
import { ResponseRequests } from './response-requests.ts';
import { RunEnd } from './run-end.ts';
import { RunHistory } from './run-history.ts';
import type { LiveRunOptions } from './run-options.ts';
import { RunOutput } from './run-output.ts';
import { RunState } from './run-state.ts';
import { Screening } from './screening.ts';
import { SessionHandles } from './session-handles.ts';
import { SetupSource } from './setup-source.ts';
import { StallRecovery } from './stall-recovery.ts';
import { ToolReports } from './tool-reports.ts';
import { LiveTurn } from './turn-state.ts';
import { UpdateSender } from './update-sender.ts';
import { UserSpeech } from './user-speech.ts';
import { type Stall, Watchdog } from './watchdog.ts';

/** The run, as its parts see it. */
export interface RunFlow {
  /** Receives an event of the model. */
  onModelEvent(event: ModelEvent): void;
  /** Applies an event in place of one that the model did not send. */
  apply(event: ModelEvent): void;
  onStatus(status: UpstreamStatus): void;
  onStall(stall: Stall): void;
  /** The agent has ended the run. */
  onEndedByAgent(): void;
  /** A callback has answered in the place of the agent that takes over. */
  onReplaced(replacement: Replacement): void;
}

/** The parts of a run, wired to each other. */
export class RunParts {
  readonly active: ActiveAgent;
  readonly output: RunOutput;
  readonly turn: LiveTurn;
  readonly recorder: ConversationRecorder;
  readonly state: RunState;
  readonly callbacks: CallbackCalls;
  readonly end: RunEnd;
  readonly replayBuffer: ReplayBuffer;
  readonly history: RunHistory;
  /** `undefined`: there are no summaries. */
  readonly compactor: EventsCompactor | undefined;
  readonly background: BackgroundWork;
  /** `undefined`: the run stores no pictures. */
  readonly pictureRecorder: PictureRecorder | undefined;
  /** `undefined`: the run stores no audio. */
  readonly audioRecorder: AudioRecorder | undefined;
  readonly toolCalls: ToolCalls;
  readonly assembler: EventAssembler;
  readonly link: ModelLink;
  /** `undefined`: off. */
  readonly watchdog: Watchdog | undefined;
  readonly recovery: StallRecovery;
  readonly input: InputSender;
  readonly updates: UpdateSender;
  readonly handOver: HandOver;
  readonly changes: ConnectionChanges;
  readonly screening: Screening;
  readonly toolReports: ToolReports;
  readonly frames: FramePacer;
  readonly pump: InputPump;
  /** `undefined`: the agent waits for the user. */
  readonly greeting: Greeting | undefined;
  readonly #options: LiveRunOptions;
  readonly #flow: RunFlow;
  readonly #handOverRequests: HandOverRequests;
  readonly #speech = new UserSpeech();

  constructor(options: LiveRunOptions, flow: RunFlow) {
    this.#options = options;
    this.#flow = flow;
    const { conversation, model, runConfig, memory, logger, liveRequestQueue: _, ...others } = options;
    const { userId, sessionId } = conversation.key;
    const invocationId = createInvocationId();
    const createEvent = createEventFactory(runConfig.customMetadata, invocationId);
    this.active = new ActiveAgent({ ...others, userId, sessionId, invocationId });
    this.turn = new LiveTurn(model.capabilities.exchanges);
    this.pictureRecorder = this.#createPictureRecorder();
    this.recorder = new ConversationRecorder(conversation, this.pictureRecorder);
    this.output = new RunOutput({
      active: this.active,
      createEvent,
      recorder: this.recorder,
      onEmitted: (event) => this.screening.onEmitted(event),
    });
    this.state = new RunState(conversation.state, this.active, this.output.emit);
    this.callbacks = new CallbackCalls({ active: this.active, state: this.state, logger });
    this.end = new RunEnd(() => flow.onEndedByAgent());
    this.replayBuffer = new ReplayBuffer(this.turn, memory, model.capabilities);
    this.history = new RunHistory({
      conversation,
      turn: this.turn,
      replayBuffer: this.replayBuffer,
      runConfig,
      invocation: this.active,
      createEvent,
    });
    this.compactor = this.#createCompactor();
    this.background = new BackgroundWork(this.turn, (status) => flow.onStatus(status));
    this.audioRecorder = this.#createAudioRecorder();
    this.#handOverRequests = this.#createHandOverRequests();
    this.toolCalls = this.#createToolCalls();
    this.assembler = new EventAssembler(this.active, this.turn, this.output.emit, this.toolCalls.rules);
    this.link = this.#createLink();
    this.watchdog = this.#createWatchdog();
    this.recovery = this.#createRecovery();
    this.input = this.#createInput();
    this.updates = this.#createUpdates();
    this.handOver = this.#createHandOver();
    this.changes = this.#createChanges();
    this.screening = this.#createScreening();
    this.toolReports = this.#createToolReports();
    this.frames = new FramePacer(model.capabilities.input.framesPerSecond, (image) => this.#sendFrame(image));
    this.pump = this.#createPump();
    this.greeting = this.#createGreeting();
  }

  get #isProactive(): boolean {
    const { model, runConfig } = this.#options;
    return model.capabilities.proactive || runConfig.proactivity?.proactiveAudio === true;
  }

  #createCompactor(): EventsCompactor | undefined {
    const { compaction, conversation, runConfig, logger } = this.#options;
    if (!compaction) return undefined;
    const { summarizer, eventRetentionSize, budget } = compaction;
    const retention = resolveRetention(eventRetentionSize, runConfig.getSessionConfig?.numRecentEvents);
    return new EventsCompactor({ conversation, summarizer, retention, budget, emit: this.output.emit, logger });
  }

  #createPictureRecorder(): PictureRecorder | undefined {
    const { artifacts, conversation, memory, logger } = this.#options;
    if (!artifacts) return undefined;
    const onFailed = (error: unknown) =>
      logger?.warn({ err: toErrorDetails(error) }, 'a picture of a conversation could not be stored');
    return new PictureRecorder({ artifacts, conversation, onFailed, memory });
  }

  #createAudioRecorder(): AudioRecorder | undefined {
    const { artifacts, conversation, runConfig, memory } = this.#options;
    if (!runConfig.saveLiveBlob || !artifacts) return undefined;
    return new AudioRecorder({
      artifacts,
      conversation,
      turn: this.turn,
      author: this.active,
      onStored: this.output.emit,
      onFailed: (error) => this.#onRecordingFailed(error),
      memory,
    });
  }

  #createHandOverRequests(): HandOverRequests {
    return new HandOverRequests({
      tree: this.#options.tree,
      active: this.active,
      turn: this.turn,
      onEndRequested: () => this.end.request(),
      onRefreshRequested: () => {
        this.active.reloadTools();
        this.link.refresh();
      },
    });
  }

  #createToolCalls(): ToolCalls {
    const { runConfig, logger, memory } = this.#options;
    return new ToolCalls({
      agent: this.active,
      control: this.#handOverRequests,
      state: this.state.values,
      timeoutMs: runConfig.toolTimeoutMs,
      logger,
      memory,
      onResult: (result) => this.toolReports.onResult(result),
      onUpdate: (update) => this.toolReports.onUpdate(update),
      onStopped: (ids) => this.toolReports.onStopped(ids),
      onStateChanged: (stateDelta) => this.state.emitDelta(stateDelta),
      onConfirmed: (toolConfirmation) => this.assembler.addToolEvent({ author: 'user', toolConfirmation }),
      onError: (error) => this.output.end(error),
    });
  }

  #createLink(): ModelLink {
    const { model, runConfig, conversation } = this.#options;
    const { handle, reseed } = runConfig.sessionResumption ?? {};
    const usesHandles = reseed !== true;
    const setups = new SetupSource({ ...this.#options, active: this.active, state: this.state });
    return new ModelLink({
      model,
      createSetup: () => setups.create(),
      handle,
      usesHandles,
      sessionHandles: new SessionHandles({
        model,
        conversation,
        isEnabled: usesHandles && handle === undefined,
        isSettled: () => this.turn.state.phase === 'idle' && !this.toolCalls.hasPending,
      }),
      awaitsResults: () => this.toolCalls.hasPending,
      turn: this.turn,
      loadHistory: () => this.history.load(),
      onStatus: (status) => this.#flow.onStatus(status),
      onEvent: (event) => this.#flow.onModelEvent(event),
      onConnectionLost: (producedOutput) => this.changes.onLost(producedOutput),
      onGivenUp: () => this.history.passOver(),
      onReconnected: (connection) => this.changes.onReconnected(connection),
      onSwitched: (connection) => this.changes.onSwitched(connection),
      onRefreshFailed: (error) => this.#onRefreshFailed(error),
    });
  }

  #createWatchdog(): Watchdog | undefined {
    const { runConfig } = this.#options;
    if (runConfig.watchdog === null) return undefined;
    return new Watchdog({
      limits: { ...WATCHDOG_LIMITS, ...runConfig.watchdog },
      turn: this.turn,
      proactive: this.#isProactive,
      isToolRunning: () => this.toolCalls.isRunning,
      onStall: (stall) => this.#flow.onStall(stall),
    });
  }

  #createRecovery(): StallRecovery {
    return new StallRecovery({
      turn: this.turn,
      link: this.link,
      canNudge: this.#options.model.capabilities.nudge,
      report: (status) => this.#flow.onStatus(status),
      apply: (event) => this.#flow.apply(event),
      onRefused: () => this.history.leaveOutPassedOver(),
      onNudged: () => this.watchdog?.onInput(),
    });
  }

  #createInput(): InputSender {
    return new InputSender({
      turn: this.turn,
      replayBuffer: this.replayBuffer,
      canTruncate: this.#options.model.capabilities.truncation,
      proactive: this.#isProactive,
      onQuestion: () => this.watchdog?.onInput(),
    });
  }

  #createUpdates(): UpdateSender {
    const { model, logger, memory } = this.#options;
    return new UpdateSender({
      turn: this.turn,
      capabilities: model.capabilities,
      getConnection: () => this.link.connection,
      isUserBusy: () => this.input.holdsText || this.pump.isUserSpeaking || this.#speech.isSpeaking,
      onSent: () => this.watchdog?.onInput(),
      logger,
      memory,
    });
  }

  #createHandOver(): HandOver {
    return new HandOver({
      active: this.active,
      turn: this.turn,
      toolCalls: this.toolCalls,
      replayBuffer: this.replayBuffer,
      assembler: this.assembler,
      link: this.link,
      callbacks: this.callbacks,
      emit: this.output.emit,
      opening: this.#options.model.capabilities.opening,
      apply: (event) => this.#flow.apply(event),
      send: (connection, input) => this.input.send(connection, input),
      onReplaced: (replacement) => this.#flow.onReplaced(replacement),
      onError: (error) => this.output.end(error),
      onSequenceEnd: () => this.end.endNow(),
    });
  }

  #createChanges(): ConnectionChanges {
    return new ConnectionChanges({
      turn: this.turn,
      history: this.history,
      toolCalls: this.toolCalls,
      replayBuffer: this.replayBuffer,
      updates: this.updates,
      assembler: this.assembler,
      audioRecorder: this.audioRecorder,
      watchdog: this.watchdog,
      handOver: this.handOver,
      capabilities: this.#options.model.capabilities,
      apply: (event) => this.#flow.apply(event),
    });
  }

  #createScreening(): Screening {
    return new Screening({
      active: this.active,
      calls: this.callbacks,
      turn: this.turn,
      conversation: this.#options.conversation,
      toolCalls: this.toolCalls,
      assembler: this.assembler,
      audioRecorder: this.audioRecorder,
      link: this.link,
      emit: this.output.emit,
      apply: (event) => this.#flow.apply(event),
      onError: (error) => this.output.end(error),
      holdsText: () => this.input.holdsText,
    });
  }

  #createToolReports(): ToolReports {
    const { conversation, model } = this.#options;
    return new ToolReports({
      active: this.active,
      conversation,
      capabilities: model.capabilities,
      assembler: this.assembler,
      handOverRequests: this.#handOverRequests,
      handOver: this.handOver,
      link: this.link,
      updates: this.updates,
      watchdog: this.watchdog,
    });
  }

  /** Creates the way of requests to the model. */
  #createPump(): InputPump {
    const { model, runConfig, liveRequestQueue, memory } = this.#options;
    const { capabilities } = model;
    const converter = new InputConverter({
      inputRate: capabilities.input.rate,
      manualActivity: runConfig.realtimeInputConfig?.automaticActivityDetection?.disabled === true,
      frames: this.frames,
      checkRequest: (request) => checkImages(request, model),
      onInputAudio: (audio) => this.audioRecorder?.recordInput(audio),
      memory,
    });
    const responses = new ResponseRequests({
      turn: this.turn,
      converter,
      sender: this.input,
      replayBuffer: this.replayBuffer,
      history: this.history,
      opening: capabilities.opening,
    });
    return new InputPump({
      queue: liveRequestQueue,
      link: this.link,
      converter,
      resolveRespond: () => responses.resolve(),
      frames: this.frames,
      applyState: (delta) => this.state.applyRequest(delta),
      blocksMessage: (content) => this.screening.blocksTyped(content),
      recordMessage: (content, pictures) => this.output.recordTyped(content, pictures, this.assembler.midReply),
      confirmCall: (confirmation) => this.toolCalls.confirm(confirmation),
      answerCall: (result) => this.#answerCall(result),
      copyInput: (request) => this.#copyInput(request),
      send: (connection, input, eventId) => this.input.send(connection, input, eventId),
    });
  }

  #createGreeting(): Greeting | undefined {
    const { agent, conversation, model } = this.#options;
    if (agent.greeting === undefined) return undefined;
    return new Greeting({
      opening: model.capabilities.opening,
      conversation,
      turn: this.turn,
      hasInput: () => this.pump.hasInput,
      send: (connection, input) => this.input.send(connection, input),
    });
  }

  #answerCall(result: ClientToolResult): void {
    this.toolReports.answer(result, this.toolCalls).catch((error) => this.output.end(error));
  }

  /** Follows what the user sends, for tools and for results that wait until the user has spoken. */
  #copyInput(request: LiveRequest): void {
    const { toolCalls, updates } = this;
    // A piece of speech costs 2 µs here, which only a run pays that has something to tell, or will have.
    if (toolCalls.hasBackground || updates.isWaiting) this.#speech.addInput(request);
    else this.#speech.skipInput(request);
    toolCalls.addInput(request);
  }

  #sendFrame(image: Blob): void {
    try {
      this.input.sendFrame(this.link.connection, image);
    } catch (error) {
      // The pacer sends frames from a timer, where nobody catches an error.
      this.output.end(error);
    }
  }

  /** The conversation continues without its recording. */
  #onRecordingFailed(error: unknown): void {
    this.#options.logger?.warn({ err: toErrorDetails(error) }, 'the audio of a turn could not be stored');
    this.output.emit({
      author: this.active.agentName,
      errorCode: 'RECORDING_FAILED',
      errorMessage: 'The audio of a turn could not be stored',
    });
  }

  #onRefreshFailed(error: unknown): void {
    this.#options.logger?.warn(
      { err: toErrorDetails(error) },
      'the model could not be told of a new instruction: it keeps the one that it has',
    );
  }
}
