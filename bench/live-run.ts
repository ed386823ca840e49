import { Agent, type AgentEvent, createMemoryStore, geminiModel, LiveRequestQueue, Runner } from '../src/index.ts';

export interface LiveRun {
  readonly events: AsyncGenerator<AgentEvent, void, undefined>;
  ask(text: string): void;
}

/**
 * Starts a run of a speaking agent in this process, without a server, against Gemini at `baseUrl`. The run ends when the reader of its events leaves,
 * or when `abortSignal` fires.
 */
export function startLiveRun(
  baseUrl: string,
  abortSignal?: AbortSignal,
  agent = new Agent({ name: 'speaker' }),
): LiveRun {
  const model = geminiModel({
    model: 'gemini-live-2.5-flash-preview',
    apiKey: 'k',
    apiVersion: 'v1beta',
    baseUrl,
    connectTimeoutMs: 10_000,
    onUnparsableFrame: (text) => process.stderr.write(`unparsable frame from upstream: ${text}\n`),
  });
  const liveRequestQueue = new LiveRequestQueue();
  const runner = new Runner({ appName: 'bench', agent, model, store: createMemoryStore() });
  return {
    events: runner.runLive({
      userId: 'me',
      sessionId: 'one',
      liveRequestQueue,
      ...(abortSignal ? { abortSignal } : {}),
      runConfig: { responseModalities: ['AUDIO'] },
    }),
    ask: (text) => liveRequestQueue.sendContent({ role: 'user', parts: [{ text }] }),
  };
}
