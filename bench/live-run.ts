import { Agent, type AgentEvent, createMemoryStore, geminiModel, LiveRequestQueue, Runner } from '../src/index.ts';

export interface LiveRun {
  readonly events: AsyncGenerator<AgentEvent, void, undefined>;
  ask(text: string): void;
}

/**
 * Runs an agent that speaks, in this process: with no server around it, and Gemini at `baseUrl`. It ends with its events' reader, or as
 * `abortSignal` says.
 */
export function startLiveRun(baseUrl: string, abortSignal?: AbortSignal): LiveRun {
  const model = geminiModel({
    model: 'gemini-live-2.5-flash-preview',
    apiKey: 'k',
    apiVersion: 'v1beta',
    baseUrl,
    connectTimeoutMs: 10_000,
    onNonsense: (text) => process.stderr.write(`nonsense from upstream: ${text}\n`),
  });
  const agent = new Agent({ name: 'speaker' });
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
