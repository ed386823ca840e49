import { Agent, type AgentOptions } from '../../src/agent/agent.ts';
import { LiveRequestQueue } from '../../src/agent/live-request-queue.ts';
import { type LiveRunner, Runner } from '../../src/agent/run/runner.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import type { RealtimeModel } from '../../src/models/realtime-model.ts';
import type { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { until } from '../models/until.ts';

export const CONVERSATION = { appName: 'app', userId: 'ann', sessionId: 'default' };

export function runnerFor(
  model: RealtimeModel,
  options: Partial<AgentOptions> = {},
  store: SessionStore | LiveConversations = createMemoryStore(),
) {
  return new Runner({ appName: 'app', agent: new Agent({ name: 'assistant', ...options }), model, store });
}

/** A run, with everything that it has yielded so far. */
export interface Talk {
  readonly queue: LiveRequestQueue;
  readonly events: AgentEvent[];
  /** Resolves when the run is over. Rejects with the error of the run. */
  readonly done: Promise<void>;
  say(text: string): void;
  /** Waits for an event, and returns it. */
  until(predicate: (event: AgentEvent) => unknown): Promise<AgentEvent>;
  /** Waits until that many turns are complete, and returns the events of the last one. */
  turn(count: number): Promise<AgentEvent[]>;
  close(): Promise<void>;
}

export function startTalk(runner: LiveRunner, runConfig: RunConfig = {}, abortSignal?: AbortSignal): Talk {
  const queue = new LiveRequestQueue();
  const events: AgentEvent[] = [];
  const stop = new AbortController();
  const signal = abortSignal ? AbortSignal.any([abortSignal, stop.signal]) : stop.signal;
  const { userId, sessionId } = CONVERSATION;
  const done = (async () => {
    const run = runner.runLive({ userId, sessionId, liveRequestQueue: queue, runConfig, abortSignal: signal });
    for await (const event of run) events.push(event);
  })();
  // A test that expects an error awaits `done` itself.
  done.catch(() => {});
  let over = false;
  const end = () => {
    over = true;
  };
  done.then(end, end);

  const waitFor: Talk['until'] = (predicate) =>
    until(() => {
      const found = events.find(predicate);
      if (!found && over) throw new Error(`the run ended without it: ${JSON.stringify(events)}`);
      return found;
    });
  return {
    queue,
    events,
    done,
    say: (text) => queue.sendContent({ role: 'user', parts: [{ text }] }),
    until: waitFor,
    async turn(count) {
      const turns = () => events.flatMap((event, index) => (event.turnComplete ? [index] : []));
      await waitFor(() => turns().length >= count);
      const ends = turns();
      return events.slice(count > 1 ? (ends[count - 2] ?? -1) + 1 : 0, (ends[count - 1] ?? 0) + 1);
    },
    async close() {
      queue.close();
      stop.abort();
      await done.catch(() => {});
    },
  };
}

/** Text of the agent, built from the increments. */
export function heard(events: readonly AgentEvent[]): string {
  return events
    .filter(({ partial, author }) => partial && author !== 'user')
    .map(({ content, outputTranscription }) => content?.parts?.[0]?.text ?? outputTranscription?.text ?? '')
    .join('');
}

export function statusesOf(events: readonly AgentEvent[]): string[] {
  return events.flatMap(({ status }) => (status ? [status.upstream] : []));
}

/** Kinds of the events, consecutive events of one kind once. Resumption handles are left out, because they may come anywhere. */
export function outline(events: readonly AgentEvent[]): string[] {
  const told = events.filter(({ liveSessionResumptionUpdate }) => !liveSessionResumptionUpdate);
  return told.map(kindOf).filter((kind, index, kinds) => kind !== kinds[index - 1]);
}

function kindOf(event: AgentEvent): string {
  const part = event.content?.parts?.[0];
  if (event.status) return event.status.upstream;
  if (event.turnComplete) return 'turnComplete';
  if (event.interrupted) return 'interrupted';
  if (event.usageMetadata) return 'usage';
  if (event.toolCancellation) return 'toolCancellation';
  if (event.inputTranscription) return event.inputTranscription.finished ? 'heard' : 'heard…';
  if (event.outputTranscription) return event.outputTranscription.finished ? 'spoken' : 'spoken…';
  if (part?.functionCall) return 'call';
  if (part?.functionResponse) return 'result';
  if (part?.inlineData) return 'audio';
  if (part?.text !== undefined) return event.partial ? 'text…' : 'text';
  return 'other';
}
