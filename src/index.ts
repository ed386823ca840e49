/** The library: agents and the server to talk to them. */
export type { AdkLiveRequestQueue, AdkRunLiveParams, AdkRunner } from './agent/adk/adk-runner.ts';
export { type AdkRunnerOptions, fromAdkRunner } from './agent/adk/from-adk-runner.ts';
export { Agent, type AgentOptions } from './agent/agent.ts';
export { BaseAgent, type BaseAgentOptions } from './agent/base-agent.ts';
export type {
  AfterModelCallback,
  AfterToolCallback,
  AgentCallback,
  AgentCallbackOptions,
  BeforeModelCallback,
  BeforeToolCallback,
  CalledTool,
  LlmRequest,
  LlmResponse,
} from './agent/callbacks.ts';
export type { EventsCompactionConfig, Summarizer, SummaryRequest, SummaryResult } from './agent/events-compaction.ts';
export type { InstructionProvider } from './agent/instruction.ts';
export type { InvocationContext, InvocationNames, ReadonlyContext } from './agent/invocation-context.ts';
export { LiveRequestQueue } from './agent/live-request-queue.ts';
export { LlmSummarizer } from './agent/llm-summarizer.ts';
export { type AgentCard, type LiveRunner, type RunLiveParams, Runner, type RunnerOptions } from './agent/run/runner.ts';
export type { RunConfig } from './agent/run-config.ts';
export { SequentialAgent, type SequentialAgentOptions } from './agent/sequential-agent.ts';
export type { ReadonlyState, State } from './agent/state.ts';
export {
  type ClientToolOptions,
  clientTool,
  googleSearch,
  type Tool,
  type ToolContext,
  type ToolInput,
  type ToolOptions,
  type ToolScheduling,
  tool,
} from './agent/tool.ts';
export { toolResult } from './agent/tool-result.ts';
export type { McpAddress, McpProgram } from './agent/tools/mcp-connection.ts';
export { type McpToolsetOptions, mcpToolset } from './agent/tools/mcp-toolset.ts';
export type { Toolset } from './agent/toolset.ts';
export { type Config, ConfigError, readConfig } from './config.ts';
export type { AppAnswer, AppUser } from './http/auth/app-authenticator.ts';
export { type FaultHandlersOptions, installFaultHandlers } from './isolation/fault-handlers.ts';
export { createLogger, type Logger } from './log.ts';
export { GEMINI_FAMILIES, type GeminiFamily } from './models/gemini/family.ts';
export { type GeminiOptions, geminiModel } from './models/gemini/model.ts';
export { findFamily as findGeminiFamily } from './models/gemini/model-names.ts';
export { type OpenAIClient, type OpenAITextOptions, openaiTextModel } from './models/openai/text-model.ts';
export type {
  ModelCapabilities,
  ModelConnection,
  ModelEvent,
  ModelInput,
  ModelSetup,
  RealtimeModel,
} from './models/realtime-model.ts';
export type { GeneratedText, TextModel, TextRequest } from './models/text-model.ts';
export { UnsupportedNodeError } from './node-version.ts';
export { createRouter, type MountableRouter, type RouterOptions } from './router.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
export { createService, type Service } from './service.ts';
export type { ServiceOptions } from './service-options.ts';
export type { Artifact, ArtifactStore } from './store/artifact-store.ts';
export type { ConversationKey } from './store/conversation-key.ts';
export type { ConversationSummary } from './store/conversation-summary.ts';
export type { ConversationTurn } from './store/conversation-turns.ts';
export { createFolderArtifacts, type FolderArtifactsOptions } from './store/folder-artifacts.ts';
export type { LiveConversation } from './store/live-conversation.ts';
export {
  LiveConversations,
  type LiveConversationsLimits,
  type LiveConversationsOptions,
} from './store/live-conversations.ts';
export type { LiveState } from './store/live-state.ts';
export { createMemoryArtifacts } from './store/memory-artifacts.ts';
export { createMemoryStore, type MemoryStoreLimits } from './store/memory-store.ts';
export type {
  EventPage,
  EventPageOptions,
  LoadOptions,
  OldestOptions,
  PageOptions,
  SessionPage,
  SessionState,
  SessionStore,
  SessionSummary,
  StateValues,
  StoredResumption,
  StoredSession,
  StoredSize,
  TurnCommit,
  UserSize,
} from './store/session-store.ts';
export { createPostgresStore, type PostgresStoreOptions } from './store/sql/postgres-store.ts';
export { createSqliteStore, type SqliteStoreOptions } from './store/sql/sqlite-store.ts';
export { StateLimitError } from './store/state-scope.ts';
export type { StoreLogger } from './store/store-health.ts';
export type { AgentEvent } from './wire/agent-event.ts';
export type { ErrorCode } from './wire/error-catalogue.ts';
export type { LiveRequest } from './wire/live-request.ts';
export type { MemoryCounter } from './wire/memory-share.ts';
export type { ResultImage, ToolResultOptions } from './wire/result-images.ts';
export type { StateDelta } from './wire/state-delta.ts';
export type { ToolOutput } from './wire/tool-output.ts';
export { WireError } from './wire/wire-error.ts';
