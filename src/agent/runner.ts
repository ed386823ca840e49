import { AsyncQueue } from '../models/async-queue.ts';
import type { ModelEvent, RealtimeModel } from '../models/realtime-model.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import type { AgentEvent, FunctionResponse } from '../wire/agent-event.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { Agent } from './agent.ts';
import { checkAgentConfig, checkRunConfig } from './check-run-config.ts';
import { toConnectConfig } from './connect-config.ts';
import { createConversationRecorder } from './conversation-recorder.ts';
import { createEventFactory, type EventBody } from './event-factory.ts';
import { createFramePacer } from './frame-pacer.ts';
import { createLiveBlobs } from './live-blobs.ts';
import type { LiveRequestQueue } from './live-request-queue.ts';
import { type Begun, generateRun } from './live-run.ts';
import { createModelInput } from './model-input.ts';
import { createOpenTurn } from './open-turn.ts';
import { mergeRunConfig, type RunConfig } from './run-config.ts';
import { isFull, sendRequest, sendResult, untilItTakes, withoutImages } from './send-request.ts';
import { isAnswered, toContents, withoutOpenTurn } from './told-history.ts';
import { ToolRunner } from './tool-runner.ts';
import { TurnAssembler } from './turn-assembler.ts';
import { Upstream } from './upstream.ts';

export interface RunLiveParams {
  readonly userId: string;
  readonly sessionId: string;
  readonly liveRequestQueue: LiveRequestQueue;
  /** Each of its fields goes before the agent's own. */
  readonly runConfig?: RunConfig;
  /** Ends the run at once. */
  readonly abortSignal?: AbortSignal;
}

/** What a live session asks of a Runner; ADK's has the same `runLive`. */
export interface LiveRunner {
  readonly card: AgentCard;
  /**
   * What a run with this config would be run with, the agent's own included. A live session asks before it is made; a Runner without it
   * takes what it is given.
   * @throws {WireError} invalid_run_config
   */
  check?(runConfig: RunConfig): RunConfig;
  runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined>;
}

/** Who is talked to, through which model. */
export interface AgentCard {
  /** The store's name for all conversations of this application (ADK: app_name). */
  readonly appName: string;
  readonly agent: string;
  readonly model: string;
  /** The model only speaks. */
  readonly audioOnly: boolean;
  /** Hz. */
  readonly inputRate: number;
  /** Hz. */
  readonly outputRate: number;
}

export interface RunnerOptions {
  readonly appName: string;
  readonly agent: Agent;
  readonly model: RealtimeModel;
  readonly store: ConversationStore;
  /** Takes the audio of runs with `saveLiveBlob`. Default: there are none. */
  readonly artifacts?: ArtifactStore;
}

/** Events that may wait for the caller of `runLive`; one more ends the run. */
const MAX_WAITING_EVENTS = 10_000;
/** Results that may have to be told again; the oldest are not. */
const MAX_LATE_RESULTS = 32;

/** Runs an agent live (ADK: Runner). */
export class Runner implements LiveRunner {
  readonly card: AgentCard;
  readonly #options: RunnerOptions;

  /** @throws {WireError} invalid_run_config: what the agent asks for, its model cannot do */
  constructor(options: RunnerOptions) {
    const { appName, agent, model } = options;
    this.#options = options;
    checkAgentConfig(agent, model);
    const { audioOnly, inputRate, outputRate } = model.capabilities;
    this.card = { appName, agent: agent.name, model: model.name, audioOnly, inputRate, outputRate };
    this.check({});
  }

  /** @throws {WireError} invalid_run_config */
  check(runConfig: RunConfig): RunConfig {
    const { agent, model, artifacts } = this.#options;
    const checked = checkRunConfig(mergeRunConfig(agent.runConfig, runConfig), model);
    if (!checked.saveLiveBlob || artifacts) return checked;
    throw new WireError(
      'invalid_run_config',
      'RunConfig.saveLiveBlob has nowhere to save to: give the Runner an ArtifactStore, as createMemoryArtifacts()',
    );
  }

  /**
   * Talks until the request queue is closed, or the signal says so. Each run needs a queue of its own.
   * @throws {WireError} invalid_run_config, before anything is opened; if the model cannot be reached, refuses, or is lost for good
   */
  runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined> {
    return generateRun(() => this.#begin(params));
  }

  #begin(params: RunLiveParams): Begun<AgentEvent> | undefined {
    const { userId, sessionId, liveRequestQueue, abortSignal } = params;
    const runConfig = this.check(params.runConfig ?? {});
    const { agent, model, store, artifacts, appName } = this.#options;
    const key = { appName, userId, sessionId };
    const events = new AsyncQueue<AgentEvent>(MAX_WAITING_EVENTS);
    const stamp = createEventFactory(runConfig.customMetadata);
    const fail = (error: unknown) => events.end(error);
    const recorder = createConversationRecorder(store, key, fail);
    const emit = (body: EventBody) => {
      const event = stamp(body);
      recorder.take(event);
      if (!events.push(event)) fail(new Error(`${MAX_WAITING_EVENTS} events wait: nobody reads this run`));
    };
    /** Aborted, or nobody reads any more. */
    let over = false;
    const openTurn = createOpenTurn();
    const liveBlobs =
      runConfig.saveLiveBlob && artifacts
        ? createLiveBlobs({ artifacts, key, agent: agent.name, tell: emit, onError: fail })
        : undefined;
    const { invocationId } = stamp({ author: agent.name });

    const upstream = new Upstream({
      model,
      config: toConnectConfig(agent, runConfig, model.capabilities),
      handle: runConfig.sessionResumption?.handle,
      loadHistory: async () => {
        await recorder.settled;
        const conversation = await store.get(key);
        const events = withoutOpenTurn(conversation.events, invocationId, openTurn);
        const history = toContents(events, runConfig.getSessionConfig);
        return { history, answered: isAnswered(events) };
      },
      onStatus: (status) => emit({ author: agent.name, status }),
      // A connection that is being closed still brings what was on its way: no tool is to run for it, and nothing to be kept behind the end.
      onEvent: (event) => {
        if (!over) receive(event);
      },
      isIdle: () => !openTurn.waits,
      onLost: (replying) => {
        // What the calls were made for is asked again.
        const cancelled = tools.cancelOpen();
        if (cancelled.length > 0) assembler.take({ type: 'tool_cancel', ids: cancelled });
        if (replying) {
          assembler.take({ type: 'interrupted' });
          assembler.take({ type: 'turn_complete' });
          liveBlobs?.take({ type: 'interrupted' });
        } else assembler.hearAgain();
      },
      onReconnected: (connection, resumed) => {
        if (!resumed) tools.forgetCalls();
        for (const late of lateResults) {
          // One that was sent may be known, and is no result any more to the provider: in words it can be told twice.
          sendResult(connection, late.result, resumed && !late.sent);
          late.sent = true;
        }
        for (const request of openTurn.again()) sendRequest(connection, request);
      },
    });
    /** Of calls from before the turn that is open, until the model has said something to them. */
    let lateResults: { readonly result: FunctionResponse; sent: boolean }[] = [];
    const tools = new ToolRunner({
      tools: agent.tools,
      userId,
      sessionId,
      onResult: (functionResponse, { open, known }) => {
        assembler.tell({ author: agent.name, content: { role: 'user', parts: [{ functionResponse }] } });
        const { connection } = upstream;
        if (connection) sendResult(connection, functionResponse, known);
        if (open) openTurn.done(functionResponse);
        else
          lateResults = [...lateResults, { result: functionResponse, sent: connection !== undefined }].slice(
            -MAX_LATE_RESULTS,
          );
      },
    });
    const assembler = new TurnAssembler(agent.name, emit);

    const receive = (event: ModelEvent) => {
      if (event.type === 'tool_cancel') tools.cancel(event.ids);
      openTurn.take(event);
      assembler.take(event);
      liveBlobs?.take(event);
      if (event.type === 'turn_complete') {
        tools.completeTurn();
        lateResults = lateResults.filter(({ sent }) => !sent);
      }
      if (event.type === 'tool_call') for (const call of event.calls) tools.start(call);
    };
    const frames = createFramePacer((image) => {
      openTurn.sent({ blob: image });
      upstream.connection?.sendImage(image);
    });
    const toModelInput = createModelInput({
      inputRate: model.capabilities.inputRate,
      manualActivity: runConfig.realtimeInputConfig?.automaticActivityDetection?.disabled === true,
      frames,
      onHeard: (audio) => liveBlobs?.heard(audio),
    });
    const send = async () => {
      for (;;) {
        const request = await liveRequestQueue.get();
        if (!request) break;
        let { connection } = upstream;
        // One that was lost meanwhile was said again all that was sent, and this was not.
        while (!connection || isFull(connection)) {
          if (connection) await untilItTakes(connection);
          else if (!(await upstream.ready())) break;
          connection = upstream.connection;
        }
        // Only now, with the connection there: one that begins is told the conversation, and would be told this twice.
        const event = request.content && stamp({ author: 'user', content: withoutImages(request.content) });
        if (event) recorder.typed(event, assembler.midReply);
        // What is typed to a run that has failed is in the conversation, and the next run answers it.
        if (!connection) return;
        const passed = toModelInput(request);
        // A picture that waits belongs to what is asked about it.
        if (passed.content || passed.activity_end) frames.flush();
        openTurn.sent(passed, event?.id);
        sendRequest(connection, passed);
      }
      frames.flush();
      upstream.close();
    };

    const onAbort = () => {
      over = true;
      assembler.cut();
      upstream.close();
      events.end();
    };
    if (abortSignal?.aborted) return undefined;
    abortSignal?.addEventListener('abort', onAbort);
    upstream.run().then(() => events.end(), fail);
    send().catch(fail);
    return {
      events,
      async end() {
        over = true;
        abortSignal?.removeEventListener('abort', onAbort);
        tools.cancelAll();
        frames.stop();
        upstream.close();
        liveRequestQueue.release();
        assembler.cut();
        await liveBlobs?.finish();
        recorder.finish();
        await recorder.settled;
      },
    };
  }
}
