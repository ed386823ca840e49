import { setTimeout as delay } from 'node:timers/promises';
import { AsyncQueue } from '../models/async-queue.ts';
import type { ModelEvent, RealtimeConnection, RealtimeModel } from '../models/realtime-model.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import { turnsOf } from '../store/conversation-turns.ts';
import type { AgentEvent, Content } from '../wire/agent-event.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import type { Agent } from './agent.ts';
import { checkAgentConfig, checkRunConfig } from './check-run-config.ts';
import { toConnectConfig } from './connect-config.ts';
import { createEventFactory, type EventBody } from './event-factory.ts';
import type { LiveRequestQueue } from './live-request-queue.ts';
import { mergeRunConfig, type RunConfig } from './run-config.ts';
import { ToolRunner } from './tool-runner.ts';
import { TurnAssembler } from './turn-assembler.ts';
import { Upstream } from './upstream.ts';

export interface RunLiveParams {
  readonly userId: string;
  readonly sessionId: string;
  readonly liveRequestQueue: LiveRequestQueue;
  /** Each of its fields goes before the agent's own. */
  readonly runConfig?: RunConfig;
  /** Ends the run at once. */
  readonly abortSignal?: AbortSignal;
}

/** What a live session asks of a Runner; ADK's has the same `runLive`. */
export interface LiveRunner {
  readonly card: AgentCard;
  /**
   * What a run with this config would be run with, the agent's own included. A live session asks before it is made; a Runner without it
   * takes what it is given.
   * @throws {WireError} invalid_run_config
   */
  check?(runConfig: RunConfig): RunConfig;
  runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined>;
}

/** Who is talked to, through which model. */
export interface AgentCard {
  /** The store's name for all conversations of this application (ADK: app_name). */
  readonly appName: string;
  readonly agent: string;
  readonly model: string;
  /** The model only speaks. */
  readonly audioOnly: boolean;
  /** Hz. */
  readonly inputRate: number;
  /** Hz. */
  readonly outputRate: number;
}

export interface RunnerOptions {
  readonly appName: string;
  readonly agent: Agent;
  readonly model: RealtimeModel;
  readonly store: ConversationStore;
}

/** Events that may wait for the caller of `runLive`; one more ends the run. */
const MAX_WAITING_EVENTS = 10_000;
/**
 * Characters that the user may type into one reply, to be put behind it in the conversation; with more they are put there before it. A
 * model that never ends its reply must not have us keep all that is said to it.
 */
const MAX_HELD = 1024 * 1024;
/** What an event counts beside its text: many small ones must not be free. */
const HELD_EVENT = 100;
/** Bytes that may wait in the upstream socket before the send loop pauses; the request queue fills meanwhile. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const BUFFER_CHECK_MS = 20;
/** How long the socket may take nothing at all, ms. */
const STUCK_MS = 10_000;

/** Runs an agent live (ADK: Runner). */
export class Runner implements LiveRunner {
  readonly card: AgentCard;
  readonly #options: RunnerOptions;

  /** @throws {WireError} invalid_run_config: what the agent asks for, its model cannot do */
  constructor(options: RunnerOptions) {
    const { appName, agent, model } = options;
    this.#options = options;
    checkAgentConfig(agent, model);
    const { audioOnly, inputRate, outputRate } = model.capabilities;
    this.card = { appName, agent: agent.name, model: model.name, audioOnly, inputRate, outputRate };
  }

  /** @throws {WireError} invalid_run_config */
  check(runConfig: RunConfig): RunConfig {
    const { agent, model } = this.#options;
    return checkRunConfig(mergeRunConfig(agent.runConfig, runConfig), model);
  }

  /**
   * Talks until the request queue is closed, or the signal says so. Each run needs a queue of its own.
   * @throws {WireError} invalid_run_config, before anything is opened; if the model cannot be reached, refuses, or is lost for good
   */
  async *runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined> {
    const { userId, sessionId, liveRequestQueue, abortSignal } = params;
    const runConfig = this.check(params.runConfig ?? {});
    const { agent, model, store, appName } = this.#options;
    const key = { appName, userId, sessionId };
    const events = new AsyncQueue<AgentEvent>(MAX_WAITING_EVENTS);
    const stamp = createEventFactory(runConfig.customMetadata);
    /** Appends come one after the other, so that a slow store does not change their order. */
    let stored: Promise<void> = Promise.resolve();
    const persist = (event: AgentEvent) => {
      stored = stored.then(() => store.append(key, event));
      stored.catch((error) => events.end(error));
    };
    /** What the user typed into a reply: in the conversation it comes after what was said of that reply. */
    const held: AgentEvent[] = [];
    let heldSize = 0;
    const persistHeld = () => {
      heldSize = 0;
      for (const event of held.splice(0)) persist(event);
    };
    const hold = (event: AgentEvent) => {
      held.push(event);
      heldSize += HELD_EVENT + textOf(event.content).length;
      if (heldSize > MAX_HELD) persistHeld();
    };
    const emit = (body: EventBody) => {
      const event = stamp(body);
      if (isPersistent(event)) persist(event);
      if (event.interrupted || event.turnComplete) persistHeld();
      if (!events.push(event)) events.end(new Error(`${MAX_WAITING_EVENTS} events wait: nobody reads this run`));
    };

    const upstream = new Upstream({
      model,
      config: toConnectConfig(agent, runConfig, model.capabilities),
      handle: runConfig.sessionResumption?.handle,
      loadHistory: async () => {
        await stored;
        return toContents(await store.get(key), runConfig.getSessionConfig?.numRecentEvents);
      },
      onStatus: (status) => emit({ author: agent.name, status }),
    });
    const tools = new ToolRunner({
      tools: agent.tools,
      userId,
      sessionId,
      onResult: (functionResponse) => {
        emit({ author: agent.name, content: { role: 'user', parts: [{ functionResponse }] } });
        upstream
          .ready()
          .then((connection) => connection?.sendToolResults([functionResponse]))
          .catch((error) => events.end(error));
      },
    });
    const assembler = new TurnAssembler(agent.name, emit);

    const receive = (event: ModelEvent) => {
      if (event.type === 'tool_cancel') tools.cancel(event.ids);
      assembler.take(event);
      if (event.type === 'tool_call') for (const call of event.calls) tools.start(call);
    };
    const send = async () => {
      for (;;) {
        const request = await liveRequestQueue.get();
        if (!request) break;
        const connection = upstream.connection ?? (await upstream.ready());
        // Only now, with the connection there: one that begins is told the conversation, and would be told this twice.
        if (request.content) {
          const event = stamp({ author: 'user', content: request.content });
          if (assembler.midReply) hold(event);
          else persist(event);
        }
        // What is typed to a run that has failed is in the conversation, and the next run answers it.
        if (!connection) return;
        if (connection.bufferedBytes > MAX_BUFFERED_BYTES) await untilItTakes(connection);
        sendTo(connection, request);
      }
      upstream.close();
    };

    /** A reply that is cut short is kept as far as it went. */
    const cutReply = () => {
      if (assembler.midReply) assembler.take({ type: 'interrupted' });
    };
    const onAbort = () => {
      cutReply();
      upstream.abort();
      events.end();
    };
    if (abortSignal?.aborted) return;
    abortSignal?.addEventListener('abort', onAbort);
    upstream.run(receive).then(
      () => events.end(),
      (error) => events.end(error),
    );
    send().catch((error) => events.end(error));
    try {
      yield* events;
    } finally {
      abortSignal?.removeEventListener('abort', onAbort);
      tools.cancelAll();
      upstream.abort();
      liveRequestQueue.release();
      cutReply();
      persistHeld();
      await stored;
    }
  }
}

/** Waits for a peer that does not take what is sent. One that takes nothing for long is given up: the connection is closed. */
async function untilItTakes(connection: RealtimeConnection): Promise<void> {
  let least = connection.bufferedBytes;
  let since = performance.now();
  while (connection.open && connection.bufferedBytes > MAX_BUFFERED_BYTES) {
    await delay(BUFFER_CHECK_MS);
    if (connection.bufferedBytes < least) {
      least = connection.bufferedBytes;
      since = performance.now();
    } else if (performance.now() - since > STUCK_MS) {
      connection.close();
    }
  }
}

function sendTo(connection: RealtimeConnection, request: LiveRequest): void {
  if (request.activity_start) connection.activityStart();
  if (request.activity_end) connection.activityEnd();
  if (request.audio_stream_end) connection.audioStreamEnd();
  if (request.interrupt) connection.cancelResponse();
  if (request.blob?.mime_type.startsWith('audio/')) connection.sendAudio(request.blob);
  else if (request.blob) connection.sendImage(request.blob);
  const text = textOf(request.content);
  if (text) connection.sendText(text);
}

function textOf(content: Content | undefined): string {
  return (content?.parts ?? []).map((part) => part.text ?? '').join('');
}

/** What ADK keeps: everything complete, except audio. */
function isPersistent(event: AgentEvent): boolean {
  return !event.partial && !event.status && !event.content?.parts?.[0]?.inlineData;
}

/** @param recent so many of the last events, if not all */
function toContents({ events }: { events: readonly AgentEvent[] }, recent = events.length): Content[] {
  return turnsOf(events.slice(Math.max(0, events.length - recent))).map(({ role, text }) => ({
    role,
    parts: [{ text }],
  }));
}
