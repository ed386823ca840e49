/** Client SDK for browsers and Node: `import { createClient } from 'bidi-sse/client'`. */
export type {
  Content,
  DroppedAudio,
  FileData,
  FunctionCall,
  FunctionResponse,
  FunctionResponsePart,
  InlineData,
  Part,
  TokenDetail,
  ToolConfirmation,
  UpstreamStatus,
} from '../wire/agent-event.ts';
export type { ErrorCode } from '../wire/error-catalogue.ts';
export type { Blob, ClientToolResult, LiveRequest } from '../wire/live-request.ts';
export type { End, SessionSettings, StorageState, TypedMessage } from '../wire/log-entry.ts';
export type {
  ConnectionEvents,
  ImageInput,
  LogEvents,
  ShownTool,
  ShownTurn,
  StoredImage,
} from '../wire/named-events.ts';
export type { ResultImage, ToolResultOptions } from '../wire/result-images.ts';
export type { SessionConfig, SessionPersona } from '../wire/session-config.ts';
export type { StateDelta } from '../wire/state-delta.ts';
export type { ToolOutput } from '../wire/tool-output.ts';
export type { ErrorBody } from '../wire/wire-error.ts';
export type { TokenSource } from './access-token.ts';
export type { CredentialsMode } from './authorized-fetch.ts';
export { createClient } from './client.ts';
export type { Client } from './client-interface.ts';
export type { ClientOptions, ConversationsOptions, Speech } from './client-options.ts';
export type { ClientToolCall, ClientToolFunction } from './client-tools.ts';
export { createConversations } from './conversations.ts';
export {
  ConversationError,
  type ConversationPage,
  type ConversationSummary,
  type Conversations,
  type CreateOptions,
  type ExportFormat,
  type ListOptions,
  type RequestOptions,
  type StoredConversation,
} from './conversations-interface.ts';
export type { ClientEvents, ClientState, Item, Message, Retry, Statistics, Traffic } from './events.ts';
export type { Transport } from './ladder.ts';
export type { Rung } from './observation.ts';
export type { Pcm16 } from './pcm-bytes.ts';
export type { TransportStorage } from './remembered-transport.ts';
export type { Refusal, SendResult } from './send-result.ts';
export type { Socket, SocketConstructor } from './socket-transport.ts';
export { toolResult } from './tool-result.ts';
