import { setTimeout as delay } from 'node:timers/promises';
import { AsyncQueue } from '../models/async-queue.ts';
import type { ModelEvent, RealtimeConnection, RealtimeModel } from '../models/realtime-model.ts';
import type { ConversationStore } from '../store/conversation-store.ts';
import { turnsOf } from '../store/conversation-turns.ts';
import type { AgentEvent, Content, FunctionResponse } from '../wire/agent-event.ts';
import type { Blob, LiveRequest } from '../wire/live-request.ts';
import type { Agent } from './agent.ts';
import { toConnectConfig } from './connect-config.ts';
import { createConversationRecorder } from './conversation-recorder.ts';
import { createEventFactory, type EventBody } from './event-factory.ts';
import { createFramePacer } from './frame-pacer.ts';
import type { LiveRequestQueue } from './live-request-queue.ts';
import { createOpenTurn, type OpenTurn } from './open-turn.ts';
import type { RunConfig } from './run-config.ts';
import { ToolRunner } from './tool-runner.ts';
import { TurnAssembler } from './turn-assembler.ts';
import { Upstream } from './upstream.ts';

export interface RunLiveParams {
  readonly userId: string;
  readonly sessionId: string;
  readonly liveRequestQueue: LiveRequestQueue;
  readonly runConfig?: RunConfig;
  /** Ends the run at once. */
  readonly abortSignal?: AbortSignal;
}

/** What a live session asks of a Runner; ADK's has the same `runLive`. */
export interface LiveRunner {
  readonly card: AgentCard;
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
/** Bytes that may wait in the upstream socket before the send loop pauses; the request queue fills meanwhile. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const BUFFER_CHECK_MS = 20;
/** How long the socket may take nothing at all, ms. */
const STUCK_MS = 10_000;

/** Runs an agent live (ADK: Runner). */
export class Runner implements LiveRunner {
  readonly card: AgentCard;
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    const { appName, agent, model } = options;
    this.#options = options;
    const { audioOnly, inputRate, outputRate } = model.capabilities;
    this.card = { appName, agent: agent.name, model: model.name, audioOnly, inputRate, outputRate };
  }

  /**
   * Talks until the request queue is closed, or the signal says so. Each run needs a queue of its own.
   * @throws {WireError} if the model cannot be reached, refuses, or is lost for good
   */
  async *runLive(params: RunLiveParams): AsyncGenerator<AgentEvent, void, undefined> {
    const { userId, sessionId, liveRequestQueue, runConfig = {}, abortSignal } = params;
    const { agent, model, store, appName } = this.#options;
    const key = { appName, userId, sessionId };
    const events = new AsyncQueue<AgentEvent>(MAX_WAITING_EVENTS);
    const stamp = createEventFactory();
    const fail = (error: unknown) => events.end(error);
    const recorder = createConversationRecorder(store, key, fail);
    const emit = (body: EventBody) => {
      const event = stamp(body);
      recorder.take(event);
      if (!events.push(event)) fail(new Error(`${MAX_WAITING_EVENTS} events wait: nobody reads this run`));
    };
    const openTurn = createOpenTurn();
    const { invocationId } = stamp({ author: agent.name });

    const upstream = new Upstream({
      model,
      config: toConnectConfig(agent, runConfig, model.capabilities),
      loadHistory: async () => {
        await recorder.settled;
        const conversation = await store.get(key);
        return toContents(withoutOpenTurn(conversation.events, invocationId, openTurn));
      },
      onStatus: (status) => emit({ author: agent.name, status }),
      onEvent: (event) => receive(event),
      onLost: (replying) => {
        // What the calls were made for is asked again.
        const cancelled = tools.cancelOpen();
        if (cancelled.length > 0) assembler.take({ type: 'tool_cancel', ids: cancelled });
        if (replying) {
          assembler.take({ type: 'interrupted' });
          assembler.take({ type: 'turn_complete' });
        } else assembler.hearAgain();
      },
      onReconnected: (connection, resumed) => {
        if (!resumed) tools.forgetCalls();
        for (const result of lateResults.splice(0)) sendResult(connection, result, resumed);
        for (const request of openTurn.again()) sendTo(connection, request);
      },
    });
    /** Of calls from before the turn that is open, which are done while there is no connection. No more than may run at once. */
    const lateResults: FunctionResponse[] = [];
    const tools = new ToolRunner({
      tools: agent.tools,
      userId,
      sessionId,
      onResult: (functionResponse, { open, known }) => {
        assembler.tell({ author: agent.name, content: { role: 'user', parts: [{ functionResponse }] } });
        if (open) openTurn.done(functionResponse);
        const { connection } = upstream;
        if (connection) sendResult(connection, functionResponse, known);
        else if (!open) lateResults.push(functionResponse);
      },
    });
    const assembler = new TurnAssembler(agent.name, emit);

    const receive = (event: ModelEvent) => {
      if (event.type === 'tool_cancel') tools.cancel(event.ids);
      openTurn.take(event);
      assembler.take(event);
      if (event.type === 'turn_complete') tools.completeTurn();
      if (event.type === 'tool_call') for (const call of event.calls) tools.start(call);
    };
    const frames = createFramePacer((image) => {
      openTurn.sent({ blob: image });
      upstream.connection?.sendImage(image);
    });
    const send = async () => {
      for (;;) {
        const request = await liveRequestQueue.get();
        if (!request) break;
        const connection = upstream.connection ?? (await upstream.ready());
        // Only now, with the connection there: one that begins is told the conversation, and would be told this twice.
        const event = request.content && stamp({ author: 'user', content: withoutImages(request.content) });
        if (event) recorder.typed(event, assembler.midReply);
        // What is typed to a run that has failed is in the conversation, and the next run answers it.
        if (!connection) return;
        if (connection.bufferedBytes > MAX_BUFFERED_BYTES) await untilItTakes(connection);
        if (isFrame(request)) {
          frames.take(request.blob);
          continue;
        }
        // A picture that waits belongs to what is asked about it.
        if (request.content || request.activity_end) frames.flush();
        openTurn.sent(request, event?.id);
        sendTo(connection, request);
      }
      frames.flush();
      upstream.close();
    };

    const onAbort = () => {
      assembler.cut();
      upstream.abort();
      events.end();
    };
    if (abortSignal?.aborted) return;
    abortSignal?.addEventListener('abort', onAbort);
    upstream.run().then(() => events.end(), fail);
    send().catch(fail);
    try {
      yield* events;
    } finally {
      abortSignal?.removeEventListener('abort', onAbort);
      tools.cancelAll();
      frames.stop();
      upstream.abort();
      liveRequestQueue.release();
      assembler.cut();
      recorder.finish();
      await recorder.settled;
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
  const { parts = [] } = request.content ?? {};
  const text = parts.map((part) => part.text ?? '').join('');
  if (text)
    connection.sendText(
      text,
      parts.flatMap(({ inlineData }) => inlineData ?? []),
    );
}

/** A picture by itself: of what the user shows, as it changes. */
function isFrame(request: LiveRequest): request is LiveRequest & { blob: Blob } {
  return request.blob !== undefined && !request.blob.mime_type.startsWith('audio/');
}

/** Pictures are not kept: one would be as large as a hundred conversations. */
function withoutImages({ role, parts = [] }: Content): Content {
  return { ...(role === undefined ? {} : { role }), parts: parts.filter(({ inlineData }) => !inlineData) };
}

/** A connection that never heard of the call is told in words what came of it. */
function sendResult(connection: RealtimeConnection, result: FunctionResponse, known: boolean): void {
  if (known) connection.sendToolResults([result]);
  else connection.sendText(`(${result.name}, called before, returned ${JSON.stringify(result.response)})`);
}

/** What of the conversation is not said again by itself. */
function withoutOpenTurn(events: readonly AgentEvent[], invocationId: string, openTurn: OpenTurn): AgentEvent[] {
  const end = events.findLastIndex(({ turnComplete }) => turnComplete);
  return events.filter(
    (event, index) => !openTurn.has(event.id) && (index <= end || event.invocationId !== invocationId),
  );
}

function toContents(events: readonly AgentEvent[]): Content[] {
  return turnsOf(events).map(({ role, text }) => ({ role, parts: [{ text }] }));
}
