import type { RealtimeModel } from '../../models/realtime-model.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { MemoryCounter } from '../../wire/memory-share.ts';
import type { SessionPersona } from '../../wire/session-config.ts';
import type { Agent } from '../agent.ts';
import type { AgentTree } from '../agent-tree.ts';
import type { Summarizer } from '../events-compaction.ts';
import type { LiveRequestQueue } from '../live-request-queue.ts';
import type { RunConfig } from '../run-config.ts';
import type { Tool } from '../tool.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import type { SummaryBudget } from './summary-budget.ts';

/** Long memory of the conversations of a runner. */
export interface RunCompaction {
  readonly summarizer: Summarizer;
  readonly eventRetentionSize: number | undefined;
  readonly budget: SummaryBudget;
}

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
  /** Makes the summaries of the conversation. Default: there are none. */
  readonly compaction?: RunCompaction | undefined;
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
