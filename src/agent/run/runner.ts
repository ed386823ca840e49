import { GuardedLogger } from '../../isolation/guarded-logger.ts';
import type { RealtimeModel } from '../../models/realtime-model.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { LiveConversations } from '../../store/live-conversations.ts';
import type { SessionStore } from '../../store/session-store.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { MemoryCounter } from '../../wire/memory-share.ts';
import type { ImageInput } from '../../wire/named-events.ts';
import type { SessionPersona } from '../../wire/session-config.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Agent } from '../agent.ts';
import { checkAgentConfig, checkRunConfig } from '../check-run-config.ts';
import type { LiveRequestQueue } from '../live-request-queue.ts';
import { mergeRunConfig, type RunConfig } from '../run-config.ts';
import { checkWrittenKeys } from '../state.ts';
import type { Tool } from '../tool.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import { listTools } from '../tools/tool-list.ts';
import { checkImages } from './check-images.ts';
import { LiveRun } from './live-run.ts';
import { RunEvents } from './run-events.ts';

export interface RunLiveParams {
  readonly userId: string;
  readonly sessionId: string;
  /** Requests of the user. Each run needs a queue of its own. */
  readonly liveRequestQueue: LiveRequestQueue;
  /** Config of this run. Its fields take precedence over the agent's own config. */
  readonly runConfig?: RunConfig;
  /** Who the agent is in this run, as a client decided. Only for a runner whose card has `acceptsPersona`. Default: as the author decided. */
  readonly persona?: SessionPersona;
  /** Ends the run at once, without an error. */
  readonly abortSignal?: AbortSignal;
  /** Counts the input that the run holds in memory. Default: nobody does. */
  readonly memory?: MemoryCounter;
}

/** Runner of live conversations, as a live session uses it. ADK's Runner has the same `runLive`. */
export interface LiveRunner {
  readonly card: AgentCard;
  /**
   * Returns the complete config of a run, with the agent's own config merged in. A live session checks a config before a run starts. A runner
   * without this method accepts every config.
   * @throws {WireError} invalid_run_config
   */
  check?(runConfig: RunConfig): RunConfig;
  /**
   * Refuses a request that the runs of this runner cannot carry out, before the request is accepted. A runner without this method accepts every
   * request.
   * @throws {WireError} not_supported
   */
  checkRequest?(request: LiveRequest): void;
  /**
   * Conversations that the runs of this runner record. A live session shares them. Default: none, so that the live session records what the runs
   * yield.
   */
  readonly conversations?: LiveConversations;
  runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined>;
  /** Releases what the agent holds for all runs, such as connections to MCP servers. The service calls it when it closes. */
  close?(): Promise<void>;
}

/** Description of an agent and its model. */
export interface AgentCard {
  /** Name under which the store keeps the conversations of this application (ADK: app_name). */
  readonly appName: string;
  readonly agent: string;
  readonly model: string;
  /** Whether an emulator answers in the place of the model. Default: no. */
  readonly emulated?: true;
  /** Whether the model only speaks, so that replies have no text modality. */
  readonly audioOnly: boolean;
  /** Sample rate of audio that the model expects, in Hz. */
  readonly inputRate: number;
  /** Sample rate of the model's speech, in Hz. */
  readonly outputRate: number;
  /** Ways in which the model accepts images. Empty: none. Default: not known. */
  readonly images?: readonly ImageInput[];
  /** Names of the model's voices. Default: not known, so that any name may be requested. */
  readonly voices?: readonly string[];
  /** Whether a run may choose the language in which the model speaks. Default: not known. */
  readonly acceptsLanguage?: boolean;
  /** Name of the provider of the model, as in `RealtimeModel`. Default: not known. */
  readonly provider?: string;
  /** Whether clients may decide who the agent is, as in `AgentOptions`. Default: the runner cannot be told. */
  readonly acceptsPersona?: boolean;
}

export interface RunnerOptions {
  readonly appName: string;
  readonly agent: Agent;
  readonly model: RealtimeModel;
  /** Where conversations are stored. Pass `LiveConversations` to share the conversations in memory with other runners and live sessions. */
  readonly store: SessionStore | LiveConversations;
  /** Stores the audio of runs with `saveLiveBlob`. Default: none, so that such runs are refused. */
  readonly artifacts?: ArtifactStore;
  /** Receives what tools do wrong: a time-out, an error after the end of a call. Default: nothing is logged. */
  readonly logger?: ToolLogger;
}

/** Runs an agent live (ADK: Runner). */
export class Runner implements LiveRunner {
  readonly card: AgentCard;
  readonly conversations: LiveConversations;
  readonly #options: RunnerOptions;
  readonly #logger: ToolLogger | undefined;

  /** @throws {WireError} invalid_run_config: the model does not support the agent's own config */
  constructor(options: RunnerOptions) {
    const { appName, agent, model, store } = options;
    this.#options = options;
    this.#logger = options.logger && new GuardedLogger(options.logger);
    this.conversations = store instanceof LiveConversations ? store : new LiveConversations(store);
    checkAgentConfig(agent, model);
    const { modalities, input, output, runOptions } = model.capabilities;
    this.card = {
      appName,
      agent: agent.name,
      model: model.name,
      audioOnly: !modalities.includes('TEXT'),
      inputRate: input.rate,
      outputRate: output.rate,
      images: input.images,
      ...(output.voices ? { voices: output.voices } : {}),
      acceptsLanguage: runOptions.has('language'),
      provider: model.provider,
      acceptsPersona: agent.acceptsPersona === true,
    };
    this.check({});
  }

  /** @throws {WireError} invalid_run_config */
  check(runConfig: RunConfig): RunConfig {
    const { agent, model, artifacts } = this.#options;
    const checked = checkRunConfig(mergeRunConfig(agent.runConfig, runConfig), model);
    if (!checked.saveLiveBlob || artifacts) return checked;
    throw new WireError(
      'invalid_run_config',
      'RunConfig.saveLiveBlob requires an ArtifactStore: pass one to the Runner, for example createMemoryArtifacts()',
    );
  }

  /**
   * @throws {WireError} not_supported: the request has a picture, and the model takes none; state_not_allowed: the author of the agent does not let
   * clients write a key of the state
   */
  checkRequest(request: LiveRequest): void {
    if (request.state_delta) checkWrittenKeys(request.state_delta, this.#options.agent.acceptsState);
    checkImages(request, this.#options.model);
  }

  /**
   * Runs a conversation and yields its events. The run starts with the first `next()`, and ends when the request queue is closed and empty, when
   * the abort signal fires, or when the caller leaves the loop.
   * @throws {WireError} invalid_run_config before anything is opened; not_supported for a request that `checkRequest` refuses; a `model_*` code if the model cannot be reached, refuses the connection, or
   *   is lost for good
   */
  runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined> {
    return new RunEvents(() => this.#createRun(params));
  }

  /** Closes the toolsets of the agent. Later runs open them again. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#options.agent.toolsets.map((toolset) => toolset.close?.()));
  }

  /** @returns `undefined` for a run that was aborted before its start @throws {WireError} invalid_run_config */
  #createRun(params: RunLiveParams): LiveRun | undefined | Promise<LiveRun | undefined> {
    const { agent } = this.#options;
    const runConfig = this.check(params.runConfig ?? {});
    if (params.abortSignal?.aborted) return undefined;
    if (agent.toolsets.length === 0) return this.#openRun(params, runConfig, agent.tools);
    return this.#createRunWithToolsets(params, runConfig);
  }

  async #createRunWithToolsets(params: RunLiveParams, runConfig: RunConfig): Promise<LiveRun | undefined> {
    const { agent, model } = this.#options;
    const tools = await listTools(agent, model, this.#logger, params.abortSignal);
    return params.abortSignal?.aborted ? undefined : this.#openRun(params, runConfig, tools);
  }

  #openRun(
    { userId, sessionId, liveRequestQueue, persona, abortSignal, memory }: RunLiveParams,
    runConfig: RunConfig,
    tools: readonly Tool[],
  ): LiveRun {
    const { agent, model, artifacts, appName } = this.#options;
    return new LiveRun({
      agent,
      tools,
      model,
      conversation: this.conversations.open({ appName, userId, sessionId }),
      artifacts,
      runConfig,
      persona,
      liveRequestQueue,
      abortSignal,
      logger: this.#logger,
      memory,
    });
  }
}
