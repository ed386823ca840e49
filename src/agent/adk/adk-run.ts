import { AsyncQueue } from '../../models/async-queue.ts';
import { SilenceTail } from '../../models/gemini/silence-tail.ts';
import type { AgentEvent, UpstreamStatus } from '../../wire/agent-event.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import { WireError } from '../../wire/wire-error.ts';
import { createEventFactory } from '../run/event-factory.ts';
import { FramePacer } from '../run/frame-pacer.ts';
import { InputConverter } from '../run/input-converter.ts';
import type { RunLiveParams } from '../run/runner.ts';
import { type RunConfig, WATCHDOG_LIMITS } from '../run-config.ts';
import type { AdkModel } from './adk-model.ts';
import { AdkRequestQueue } from './adk-request-queue.ts';
import type { AdkLiveRequest, AdkRunner } from './adk-runner.ts';
import { createEndError, describeRunError } from './describe-run-error.ts';
import { ReplyWatch } from './reply-watch.ts';
import { toAdkRequests } from './to-adk-requests.ts';
import { toAdkRunConfig } from './to-adk-run-config.ts';
import { endsRun, toAgentEvent } from './to-agent-event.ts';

export interface AdkRunOptions {
  readonly runner: AdkRunner;
  /** Name of the root agent. */
  readonly agent: string;
  readonly model: AdkModel;
  readonly params: RunLiveParams;
  /** Checked config of the run. */
  readonly runConfig: RunConfig;
  /** Maximum wait for ADK's connection to the model, in ms. */
  readonly connectTimeoutMs: number;
}

/** Maximum number of events that wait for the reader. One more ends the run with an error. */
const MAX_WAITING_EVENTS = 10_000;
/** Maximum time in which ADK closes its connection and stores its last events, in ms. After it the run counts as over. */
const CLOSE_MS = 1_000;

/** A call of ADK's `runLive`. */
export class AdkRun {
  readonly #options: AdkRunOptions;
  readonly #events = new AsyncQueue<AgentEvent>(MAX_WAITING_EVENTS);
  readonly #createEvent = createEventFactory();
  readonly #requests: AdkRequestQueue;
  readonly #converter: InputConverter;
  readonly #frames: FramePacer;
  /** Silence in the place of `audio_stream_end`, which ADK cannot send. `undefined`: the model does not detect speech. */
  readonly #silence: SilenceTail | undefined;
  readonly #watch: ReplyWatch;
  /** Aborts ADK's run, once ADK has read that it must close its connection: an aborted run would leave the connection open. */
  readonly #abort = new AbortController();
  readonly #onAbort = () => this.#events.end();
  /** Whether ADK's session has events of earlier runs, of which the model knows little. */
  #isContinuation = false;
  #hasSentRealtime = false;
  #connectTimer: NodeJS.Timeout | undefined;
  /** Resolves when ADK's run is over. */
  #over: Promise<void> = Promise.resolve();

  constructor(options: AdkRunOptions) {
    this.#options = options;
    const { params, model, runConfig } = options;
    const { input } = model.capabilities;
    const detection = runConfig.realtimeInputConfig?.automaticActivityDetection;
    const manualActivity = detection?.disabled === true;
    this.#frames = new FramePacer(input.framesPerSecond, ({ mime_type: mimeType, data }) =>
      this.#send({ mimeType, data }),
    );
    this.#converter = new InputConverter({
      inputRate: input.rate,
      manualActivity,
      frames: this.#frames,
      memory: params.memory,
    });
    if (!manualActivity) {
      const mimeType = `audio/pcm;rate=${input.rate}`;
      this.#silence = new SilenceTail(detection?.silenceDurationMs, (data) => this.#send({ mimeType, data }));
    }
    const { watchdog } = runConfig;
    const limitMs = watchdog === null ? undefined : (watchdog?.firstOutputMs ?? WATCHDOG_LIMITS.firstOutputMs);
    this.#watch = new ReplyWatch(limitMs, (isStalled) =>
      this.#emitStatus(isStalled ? { upstream: 'stalled', stall: 'no_response' } : { upstream: 'ready' }),
    );
    this.#requests = new AdkRequestQueue({
      queue: params.liveRequestQueue,
      convert: (request) => this.#convert(request),
      onFirstRead: () => this.#onConnected(),
      onEndRead: () => void setImmediate(() => this.#abort.abort()),
      onError: (error) => this.#events.end(error),
    });
  }

  /** Starts ADK's run. @returns its events. They end when the run ends or is aborted, and throw why it has failed */
  start(): AsyncIterable<AgentEvent> {
    const { params, connectTimeoutMs } = this.#options;
    params.abortSignal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#emitStatus({ upstream: 'connecting' });
    this.#connectTimer = setTimeout(() => this.#onConnectTimeout(), connectTimeoutMs).unref();
    this.#over = this.#follow();
    return this.#events;
  }

  /** Ends the run, and waits until ADK has closed its connection, at most 1 s. */
  async finish(): Promise<void> {
    this.#options.params.abortSignal?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#connectTimer);
    this.#silence?.stop();
    this.#watch.stop();
    this.#frames.stop();
    this.#converter.close();
    this.#events.end();
    this.#requests.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS).unref();
    await Promise.race([this.#over, promise]);
    clearTimeout(timer);
  }

  async #follow(): Promise<void> {
    const { runner, params, runConfig } = this.#options;
    let mayEnd = false;
    try {
      this.#isContinuation = await hasEvents(runner, params);
      if (this.#requests.closed) return;
      const events = runner.runLive({
        userId: params.userId,
        sessionId: params.sessionId,
        liveRequestQueue: this.#requests,
        runConfig: toAdkRunConfig(runConfig),
        abortSignal: this.#abort.signal,
      });
      for await (const event of events) {
        mayEnd = endsRun(event);
        this.#onEvent(event);
      }
      this.#events.end(this.#requests.closed || mayEnd ? undefined : this.#createEndError());
    } catch (error) {
      this.#events.end(describeRunError(error, () => this.#createEndError()));
    }
  }

  #onEvent(given: unknown): void {
    const event = toAgentEvent(given, this.#options.agent);
    const { content, outputTranscription, interrupted, turnComplete } = event;
    if (content || outputTranscription || interrupted || turnComplete) {
      this.#silence?.stop();
      this.#watch.onOutput();
    }
    this.#emit(event);
  }

  #createEndError(): WireError {
    return createEndError(this.#options.model.name, this.#hasSentRealtime);
  }

  /** ADK reads requests: its connection to the model is open. */
  #onConnected(): void {
    clearTimeout(this.#connectTimer);
    this.#emitStatus({ upstream: this.#isContinuation ? 'restarted' : 'ready' });
  }

  #onConnectTimeout(): void {
    const { connectTimeoutMs } = this.#options;
    this.#events.end(
      new WireError(
        'model_unreachable',
        `ADK's Runner opened no connection to the model within ${connectTimeoutMs} ms`,
        "check the name of the model, the API key and the network: ADK's Runner does not say why a connection fails",
      ),
    );
  }

  #convert(request: LiveRequest): readonly AdkLiveRequest[] {
    // The user's question is about the frame that waits.
    if (request.content || request.activity_end) this.#frames.flush();
    if (request.blob || request.activity_start) this.#silence?.stop();
    const converted = this.#converter.convert(request);
    if (request.audio_stream_end) this.#silence?.start();
    if (request.content) this.#watch.onMessage();
    if (request.blob) this.#hasSentRealtime = true;
    const { images } = this.#options.model.capabilities.input;
    return converted ? toAdkRequests(converted, images.includes('in_message')) : [];
  }

  /** Sends realtime input that is not the conversion of a request. */
  #send(blob: NonNullable<AdkLiveRequest['blob']>): void {
    if (!this.#requests.closed) this.#requests.sendRealtime(blob);
  }

  #emitStatus(status: UpstreamStatus): void {
    this.#emit(this.#createEvent({ author: this.#options.agent, status }));
  }

  #emit(event: AgentEvent): void {
    if (this.#events.push(event)) return;
    this.#events.end(new Error(`More than ${MAX_WAITING_EVENTS} events of the run wait for their reader`));
  }
}

/** Whether ADK's session of a conversation has events. */
async function hasEvents({ appName, sessionService }: AdkRunner, params: RunLiveParams): Promise<boolean> {
  const { userId, sessionId } = params;
  const session = await sessionService?.getSession({ appName, userId, sessionId, config: { numRecentEvents: 1 } });
  return session !== undefined && session.events.length > 0;
}
