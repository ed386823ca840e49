import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ModelConnection } from '../../models/realtime-model.ts';
import type { Content, ToolConfirmation } from '../../wire/agent-event.ts';
import type { ClientToolResult, LiveRequest } from '../../wire/live-request.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { LiveRequestQueue } from '../live-request-queue.ts';
import type { FramePacer } from './frame-pacer.ts';
import type { InputConverter } from './input-converter.ts';
import type { ModelLink } from './model-link.ts';
import type { MessagePictures } from './run-output.ts';
import { isBackpressured, waitForDrain } from './send-request.ts';

export interface InputPumpOptions {
  readonly queue: LiveRequestQueue;
  readonly link: ModelLink;
  readonly converter: InputConverter;
  readonly frames: FramePacer;
  /** Decides what a request for an answer means. `undefined`: nothing. */
  readonly resolveRespond: () => LiveRequest | undefined;
  /** Checks a message of the user. Whether it must not be sent: something else has answered it. */
  readonly blocksMessage: (content: Content) => boolean | Promise<boolean>;
  /** Records a message of the user in the conversation. Returns the id of its event. `pictures`: those that came with it */
  readonly recordMessage: (content: Content, pictures: MessagePictures) => string;
  /** Applies changes of state. */
  readonly applyState: (delta: StateDelta) => void;
  /** Receives the answer of the user to a call that waits for it. */
  readonly confirmCall: (confirmation: ToolConfirmation) => void;
  /** Receives the result of a call that runs in a client. */
  readonly answerCall: (result: ClientToolResult) => void;
  /** Receives each request of the user, for tools that follow the input. */
  readonly copyInput?: ((request: LiveRequest) => void) | undefined;
  /** Sends converted input to the model. `eventId`: event of the message that the input contains. */
  readonly send: (connection: ModelConnection, input: LiveRequest, eventId: string | undefined) => void;
}

/** Time after which requests that wait leave a turn of the event loop to everything else, in ms. A body holds up to 1,000 requests. */
const MAX_TURN_MS = 5;

/** Moves requests of the user from the queue to the model, in order and at the rate at which the model accepts them. */
export class InputPump {
  readonly #options: InputPumpOptions;
  /** Whether a request was taken from the queue and waits for a connection. */
  #holdsRequest = false;
  /** Resolves when the request that was held at the end of the run is recorded, or is not sent. */
  #handled: PromiseWithResolvers<void> | undefined;

  constructor(options: InputPumpOptions) {
    this.#options = options;
  }

  /** Whether the user has sent something that no connection has received yet. */
  get hasInput(): boolean {
    return this.#holdsRequest || !this.#options.queue.isEmpty;
  }

  /** Whether the user speaks, according to the signs of activity. */
  get isUserSpeaking(): boolean {
    return this.#options.converter.isSpeaking;
  }

  /**
   * Sends requests until the queue is closed and empty, or the link is closed.
   * @throws {WireError} unsupported_mime_type, if a request contains a blob that is neither audio nor an image
   */
  async run(): Promise<void> {
    try {
      await this.#moveRequests();
    } finally {
      this.#handled?.resolve();
    }
  }

  async #moveRequests(): Promise<void> {
    const { queue, link, frames, recordMessage, copyInput } = this.#options;
    let turnStart = performance.now();
    for (;;) {
      const waits = queue.isEmpty;
      // `get` would be two more promises for each piece of speech.
      if (waits && !queue.closed) await queue.waitForRequest();
      const received = queue.take();
      if (!received) break;
      const rest = this.#applyAtOnce(received);
      if (!rest) continue;
      if (waits) turnStart = performance.now();
      this.#holdsRequest = true;
      // A promise would cost each piece of speech.
      const request = rest.content ? await this.#screen(rest, rest.content) : rest;
      if (!request) {
        this.#holdsRequest = false;
        this.#handled?.resolve();
        continue;
      }
      copyInput?.(request);
      let { connection } = link;
      if (!connection || isBackpressured(connection)) connection = await this.#waitForConnection();
      // Record the message only once a connection is open: a new connection is seeded from the stored conversation and would otherwise receive
      // the message twice.
      const eventId = request.content && recordMessage(request.content, request);
      if (request.content) this.#handled?.resolve();
      // The run has failed. The message is part of the conversation, and the next run answers it.
      if (!connection) return;
      this.#holdsRequest = false;
      this.#send(connection, omitPictureData(request), eventId);
      if (performance.now() - turnStart < MAX_TURN_MS) continue;
      await nextTurn();
      turnStart = performance.now();
    }
    frames.flush();
  }

  /**
   * Discards what the conversion of audio holds, because the run is over.
   * @returns resolves when the request that is held is recorded, or is not sent. `undefined`: none is held
   */
  close(): Promise<void> | undefined {
    this.#options.converter.close();
    if (!this.#holdsRequest) return undefined;
    this.#handled = Promise.withResolvers();
    return this.#handled.promise;
  }

  /** @returns the request, without its message if that must not be sent; `undefined` if nothing else is left */
  async #screen(request: LiveRequest, message: Content): Promise<LiveRequest | undefined> {
    const check = this.#options.blocksMessage(message);
    if (check instanceof Promise) await this.#sendAudioUntil(check);
    if (!(await check)) return request;
    const { content: _, partial: __, pictures: ___, pictureData: ____, ...rest } = request;
    return Object.keys(rest).length > 0 ? rest : undefined;
  }

  /** Sends the audio that comes next while a message is checked: the voice does not wait for typed text. Everything else keeps its place behind the message. */
  async #sendAudioUntil(check: Promise<unknown>): Promise<void> {
    const { queue, copyInput } = this.#options;
    const checking = { done: false };
    const decided = check.then(() => {
      checking.done = true;
    });
    while (!checking.done) {
      const next = queue.peek();
      if (!next) {
        await Promise.race(queue.closed ? [decided] : [decided, queue.waitForRequest()]);
      } else if (isAudio(next)) {
        queue.take();
        copyInput?.(next);
        const connection = this.#options.link.connection ?? (await this.#waitForConnection());
        if (!connection) return;
        this.#send(connection, next, undefined);
      } else await decided;
    }
  }

  /** Passes on what needs no connection: changes of state, and what is for calls of tools. @returns the rest of the request, if there is any */
  #applyAtOnce(request: LiveRequest): LiveRequest | undefined {
    if (!request.state_delta && !request.tool_confirmations && !request.tool_results) return request;
    const { state_delta, tool_confirmations = [], tool_results = [], ...rest } = request;
    if (state_delta) this.#options.applyState(state_delta);
    for (const confirmation of tool_confirmations) this.#options.confirmCall(confirmation);
    for (const result of tool_results) this.#options.answerCall(result);
    return Object.keys(rest).length > 0 ? rest : undefined;
  }

  /** Waits for a connection that accepts input. Resolves with `undefined` once the link is closed. */
  async #waitForConnection(): Promise<ModelConnection | undefined> {
    const { link } = this.#options;
    for (;;) {
      const connection = await link.waitForConnection();
      if (!connection || !isBackpressured(connection)) return connection;
      // If the connection is lost while we wait, the replay on the next connection does not contain this request: send it there.
      await waitForDrain(connection);
    }
  }

  #send(connection: ModelConnection, request: LiveRequest, eventId: string | undefined): void {
    if (!request.respond) {
      this.#sendInput(connection, request, eventId);
      return;
    }
    const { respond: _, ...given } = request;
    this.#sendInput(connection, given, eventId);
    const resolved = this.#options.resolveRespond();
    if (resolved) this.#sendInput(connection, resolved, undefined);
  }

  #sendInput(connection: ModelConnection, request: LiveRequest, eventId: string | undefined): void {
    const { converter, frames, send } = this.#options;
    const input = converter.convert(request);
    if (!input) return;
    // The user's question is about the frame that waits.
    if (input.content || input.activity_end || input.respond) frames.flush();
    send(connection, input, eventId);
  }
}

/** The pictures are recorded: what may have to be sent again does not hold them. */
function omitPictureData(request: LiveRequest): LiveRequest {
  if (!request.pictureData) return request;
  const { pictureData: _, ...rest } = request;
  return rest;
}

/** Whether a request has audio and nothing else. */
function isAudio(request: LiveRequest): boolean {
  return Object.keys(request).length === 1 && request.blob?.mime_type.startsWith('audio/') === true;
}
