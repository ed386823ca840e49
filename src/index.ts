/** The library: agents and the server to talk to them. */
export { Agent, type AgentOptions } from './agent/agent.ts';
export { LiveRequestQueue } from './agent/live-request-queue.ts';
export type { RunConfig } from './agent/run-config.ts';
export { type AgentCard, type LiveRunner, type RunLiveParams, Runner, type RunnerOptions } from './agent/runner.ts';
export { googleSearch, type Tool, type ToolContext, type ToolOptions, tool } from './agent/tool.ts';
export { type Config, ConfigError, readConfig } from './config.ts';
export { createLogger, type Logger } from './log.ts';
export { type GeminiOptions, geminiModel } from './models/gemini.ts';
export type { RealtimeConnection, RealtimeModel } from './models/realtime-model.ts';
export { type RunningServer, type ServerOptions, startServer } from './server.ts';
export type { Artifact, ArtifactStore } from './store/artifact-store.ts';
export type { Conversation, ConversationKey, ConversationStore } from './store/conversation-store.ts';
export { createMemoryArtifacts } from './store/memory-artifacts.ts';
export { createMemoryStore } from './store/memory-store.ts';
export type { AgentEvent } from './wire/agent-event.ts';
export { type ErrorCode, WireError } from './wire/error-catalogue.ts';
export type { LiveRequest } from './wire/live-request.ts';
