import { GuardedLogger } from '../../isolation/guarded-logger.ts';
import type { RealtimeModel } from '../../models/realtime-model.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { GuardedArtifacts } from '../../store/guarded-artifacts.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import { LiveConversations } from '../../store/live-conversations.ts';
import type { SessionStore } from '../../store/session-store.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { MemoryCounter } from '../../wire/memory-share.ts';
import type { ImageInput } from '../../wire/named-events.ts';
import type { SessionPersona } from '../../wire/session-config.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Agent } from '../agent.ts';
import { AgentTree } from '../agent-tree.ts';
import type { BaseAgent } from '../base-agent.ts';
import { checkAgentConfig, checkRunConfig, checkTranscripts } from '../check-run-config.ts';
import type { LiveRequestQueue } from '../live-request-queue.ts';
import { mergeRunConfig, type RunConfig } from '../run-config.ts';
import { checkWrittenKeys } from '../state.ts';
import type { Tool } from '../tool.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import { listTools } from '../tools/tool-list.ts';
import { checkImages } from './check-images.ts';
import { createSummarizer } from './create-summarizer.ts';
import { findActiveAgent } from './find-active-agent.ts';
import { LiveRun } from './live-run.ts';
import { RunEvents } from './run-events.ts';
import type { RunCompaction } from './run-options.ts';
import { SummaryBudget } from './summary-budget.ts';

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
  /** The agent, or the root of a tree of agents. */
  readonly agent: BaseAgent;
  readonly model: RealtimeModel;
  /** Where conversations are stored. Pass `LiveConversations` to share the conversations in memory with other runners and live sessions. */
  readonly store: SessionStore | LiveConversations;
  /**
   * Stores the files of conversations, such as the audio of runs with `saveLiveBlob`. Default: those of `LiveConversations` in `store`; without any, such
   * runs are refused.
   */
  readonly artifacts?: ArtifactStore;
  /** Receives what tools do wrong: a time-out, an error after the end of a call. Default: nothing is logged. */
  readonly logger?: ToolLogger;
}

/** Runs an agent live (ADK: Runner). */
export class Runner implements LiveRunner {
  readonly card: AgentCard;
  readonly conversations: LiveConversations;
  readonly #options: RunnerOptions;
  readonly #tree: AgentTree;
  readonly #logger: ToolLogger | undefined;
  readonly #artifacts: ArtifactStore | undefined;
  readonly #compaction: RunCompaction | undefined;

  /**
   * @throws {WireError} invalid_run_config: the model does not support the own config of an agent; model_not_found: the name of a summarizer
   * @throws {TypeError} if two agents name different models, or have different configs of the long memory
   */
  constructor(options: RunnerOptions) {
    const { appName, agent, model, store, artifacts } = options;
    this.#options = options;
    this.#tree = new AgentTree(agent);
    this.#logger = options.logger && new GuardedLogger(options.logger);
    this.conversations =
      store instanceof LiveConversations ? store : new LiveConversations(store, artifacts ? { artifacts } : {});
    this.#artifacts = this.conversations.artifacts ?? (artifacts && new GuardedArtifacts(artifacts, this.#logger));
    for (const speaker of this.#tree.speakers) checkAgentConfig(speaker, model);
    this.#compaction = this.#createCompaction();
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
      acceptsPersona: this.#tree.first.acceptsPersona === true,
    };
    for (const speaker of this.#tree.speakers) this.#resolveConfig(speaker, {});
  }

  #createCompaction(): RunCompaction | undefined {
    const { eventsCompactionConfig: config } = this.#tree;
    if (!config) return undefined;
    const { eventRetentionSize } = config;
    const summarizer = createSummarizer(config, this.#options.model);
    return { summarizer, eventRetentionSize, budget: new SummaryBudget() };
  }

  /** @throws {WireError} invalid_run_config: one of the agents, to which the conversation may be transferred, cannot have the config */
  check(runConfig: RunConfig): RunConfig {
    for (const speaker of this.#tree.speakers) this.#resolveConfig(speaker, runConfig);
    return this.#resolveConfig(this.#tree.first, runConfig);
  }

  /** @throws {WireError} invalid_run_config */
  #resolveConfig(agent: Agent, runConfig: RunConfig): RunConfig {
    const { model } = this.#options;
    const checked = checkRunConfig(mergeRunConfig(agent.runConfig, runConfig), model);
    checkTranscripts(agent, checked, model);
    if (!checked.saveLiveBlob || this.#artifacts) return checked;
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
    const { state_delta } = request;
    // All agents of a tree have one state: each of them may trust a key.
    if (state_delta) for (const agent of this.#tree.speakers) checkWrittenKeys(state_delta, agent.acceptsState);
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

  /** Closes the toolsets of the agents. Later runs open them again. */
  async close(): Promise<void> {
    const toolsets = new Set(this.#tree.speakers.flatMap((agent) => agent.toolsets));
    await Promise.allSettled([...toolsets].map((toolset) => toolset.close?.()));
  }

  /** @returns `undefined` for a run that was aborted before its start @throws {WireError} invalid_run_config */
  #createRun(params: RunLiveParams): LiveRun | undefined | Promise<LiveRun | undefined> {
    const { first, hasSeveral } = this.#tree;
    this.check(params.runConfig ?? {});
    if (params.abortSignal?.aborted) return undefined;
    const conversation = this.#openConversation(params);
    if (hasSeveral || first.toolsets.length > 0) return this.#createPreparedRun(params, conversation);
    return this.#openRun(params, conversation, first, first.tools);
  }

  #openConversation({ userId, sessionId }: RunLiveParams): LiveConversation {
    return this.conversations.open({ appName: this.#options.appName, userId, sessionId });
  }

  /** Creates a run that cannot start at once: the conversation tells which agent is active, or a toolset is asked for its tools. */
  async #createPreparedRun(params: RunLiveParams, conversation: LiveConversation): Promise<LiveRun | undefined> {
    const { abortSignal } = params;
    try {
      if (this.#tree.hasSeveral) await conversation.loaded;
      const agent = findActiveAgent(conversation.events, this.#tree);
      const tools = await this.#listTools(agent, abortSignal);
      if (!abortSignal?.aborted) return this.#openRun(params, conversation, agent, tools);
    } catch (error) {
      await conversation.release();
      throw error;
    }
    await conversation.release();
    return undefined;
  }

  #listTools(agent: Agent, abortSignal: AbortSignal | undefined): Promise<readonly Tool[]> {
    return listTools(agent, this.#options.model, this.#logger, abortSignal);
  }

  #openRun(
    { runConfig = {}, liveRequestQueue, persona, abortSignal, memory }: RunLiveParams,
    conversation: LiveConversation,
    agent: Agent,
    tools: readonly Tool[],
  ): LiveRun {
    const { model } = this.#options;
    return new LiveRun({
      tree: this.#tree,
      agent,
      tools,
      listTools: (other) => this.#listTools(other, abortSignal),
      model,
      conversation,
      compaction: this.#compaction,
      artifacts: this.#artifacts,
      runConfig: this.#resolveConfig(agent, runConfig),
      resolveConfig: (other) => this.#resolveConfig(other, runConfig),
      persona,
      liveRequestQueue,
      abortSignal,
      logger: this.#logger,
      memory,
    });
  }
}
