/**
 * Runner of `@google/adk` (TypeScript, 2.0.0), as far as this project uses it. The types describe a shape: the project does not depend on ADK, and a
 * Runner of ADK has this shape.
 */
export interface AdkRunner {
  readonly appName: string;
  /** The root agent. `name` and `model` are read, if it has them. */
  readonly agent: object;
  /** Tells whether a conversation has begun. Default: nobody knows. */
  readonly sessionService?: {
    getSession(request: AdkSessionRequest): Promise<{ readonly events: readonly unknown[] } | undefined>;
  };
  runLive(params: AdkRunLiveParams): AsyncGenerator<unknown, void, undefined>;
}

export interface AdkSessionRequest {
  appName: string;
  userId: string;
  sessionId: string;
  config?: { numRecentEvents?: number };
}

export interface AdkRunLiveParams {
  userId: string;
  sessionId: string;
  liveRequestQueue: AdkLiveRequestQueue;
  runConfig?: object;
  abortSignal?: AbortSignal;
}

/** LiveRequestQueue of ADK. The agent of a run calls `get`; tools of the agent may call the other methods. */
export interface AdkLiveRequestQueue {
  send(request: AdkLiveRequest): void;
  /** Resolves with `{close: true}` once the queue is closed and empty. Rejects when `abortSignal` fires. */
  get(abortSignal?: AbortSignal): Promise<AdkLiveRequest>;
  close(): void;
  sendContent(content: AdkContent): void;
  sendRealtime(blob: AdkBlob): void;
  sendActivityStart(): void;
  sendActivityEnd(): void;
  [Symbol.asyncIterator](): AsyncGenerator<AdkLiveRequest, void, undefined>;
}

/** LiveRequest of ADK. The agent reads one field: `close`, else `activityStart`, else `activityEnd`, else `blob`, else `content`. */
export interface AdkLiveRequest {
  content?: AdkContent;
  blob?: AdkBlob;
  activityStart?: object;
  activityEnd?: object;
  close?: boolean;
}

export interface AdkContent {
  role?: string;
  parts?: { text?: string; inlineData?: AdkBlob }[];
}

export interface AdkBlob {
  mimeType?: string;
  /** Base64. */
  data?: string;
}
