import { AsyncQueue } from '../../src/models/async-queue.ts';
import { classifyCause } from '../../src/models/close-cause.ts';
import type {
  CloseInfo,
  ModelCapabilities,
  ModelConnection,
  ModelEvent,
  ModelInput,
  ModelSetup,
  ReplyPosition,
  ScheduledResult,
  TurnEnd,
} from '../../src/models/realtime-model.ts';
import type { FunctionCall, UsageMetadata } from '../../src/wire/agent-event.ts';
import { isBase64 } from '../../src/wire/base64.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { Waiters } from './waiters.ts';

/** Called with each input that reaches the provider of a fake connection. */
export type InputScript = (connection: FakeConnection, input: ModelInput, index: number) => void;

/** An input of one type. */
export type InputOf<Type extends ModelInput['type']> = Extract<ModelInput, { type: Type }>;

export interface FakeConnectionObserver {
  onInput(input: ModelInput): void;
  onHandle(handle: string): void;
}

/** Maximum number of events that wait for the reader. One more closes the connection. */
const MAX_WAITING_EVENTS = 10_000;

/**
 * A connection of a FakeModel, with both its ends. The upper half is the contract, which the code under test uses. The lower half is the provider, which
 * the test plays: `say`, `call`, `completeTurn` and so on. The provider discards what remains of a reply that was cancelled.
 */
export class FakeConnection implements ModelConnection {
  /** The setup that the connection was opened with. */
  readonly setup: ModelSetup;
  /** Every input that reached the provider, in order. */
  readonly received: ModelInput[] = [];
  readonly #capabilities: ModelCapabilities;
  readonly #observer: FakeConnectionObserver;
  readonly #events = new AsyncQueue<ModelEvent>(MAX_WAITING_EVENTS);
  readonly #waiters = new Waiters();
  /** Inputs that are on their way, or that a frozen provider does not read. */
  readonly #inFlight: ModelInput[] = [];
  /** Position in `received` up to which `nextInput` has searched, by type. */
  readonly #searched = new Map<ModelInput['type'], number>();
  readonly #calls = new Map<string, 'open' | 'answered' | 'cancelled'>();
  #open = true;
  #closing = false;
  #frozen = false;
  #closed: CloseInfo | undefined;
  #speaking = false;
  #replying = false;
  #replyExpected: boolean;
  #cancelled = false;
  #isTextPartial = false;
  #turn = 1;
  #callCount = 0;

  constructor(setup: ModelSetup, capabilities: ModelCapabilities, observer: FakeConnectionObserver) {
    this.setup = setup;
    this.#capabilities = capabilities;
    this.#observer = observer;
    this.#replyExpected = setup.history.at(-1)?.role === 'user' && setup.answered !== true;
  }

  get events(): AsyncIterable<ModelEvent> {
    return this.#events;
  }

  get open(): boolean {
    return this.#open;
  }

  get bufferedBytes(): number {
    return this.#frozen ? this.#inFlight.reduce((sum, input) => sum + JSON.stringify(input).length, 0) : 0;
  }

  send(input: ModelInput): void {
    if (!this.#open) return;
    this.#inFlight.push(input);
    this.#deliverLater();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closing = true;
    // The provider reads what was sent before, then it answers the close.
    void Promise.resolve().then(() => this.#answerClose());
  }

  // The provider's side.

  /** How the connection ended. `undefined`: it has not. */
  get closed(): CloseInfo | undefined {
    return this.#closed;
  }

  /** The next input of a type that no call has returned yet, as soon as it has come. */
  nextInput<Type extends ModelInput['type']>(type: Type): Promise<InputOf<Type>> {
    return this.#waiters.until(() => {
      for (let index = this.#searched.get(type) ?? 0; index < this.received.length; index += 1) {
        const input = this.received[index];
        this.#searched.set(type, index + 1);
        if (input?.type === type) return input as InputOf<Type>; // `type` was just compared
      }
      return undefined;
    });
  }

  /** Resolves when the connection has ended. */
  ended(): Promise<CloseInfo> {
    return this.#waiters.until(() => this.#closed);
  }

  /** Sends an event as it is. After the end it is discarded. */
  emit(event: ModelEvent): void {
    if (!this.#closed && !this.#events.push(event)) this.close();
  }

  /** A piece of text of the reply. */
  say(text: string, position: ReplyPosition = this.#position): void {
    this.#emitReply({ type: 'text', text, thought: false, ...position });
  }

  /** A piece of reasoning. */
  think(text: string): void {
    this.#emitReply({ type: 'text', text, thought: true, ...this.#position });
  }

  /** A piece of speech. @param data PCM16 in base64 */
  speak(data: string, position: ReplyPosition = this.#position): void {
    const mimeType = `audio/pcm;rate=${this.#capabilities.output.rate}`;
    this.#emitReply({ type: 'audio', mimeType, data, ...position });
  }

  /** A piece of the transcript of the speech. */
  transcribe(text: string, finished = false): void {
    this.#emitReply({ type: 'output_transcript', text, finished, ...this.#position });
  }

  /** A piece of the transcript of what the user says. */
  hear(text: string, finished = false): void {
    this.emit({ type: 'input_transcript', text, finished });
  }

  /** Calls functions. @returns the ids of the calls */
  call(...calls: { readonly name: string; readonly args?: Record<string, unknown>; readonly id?: string }[]): string[] {
    const made = calls.map(({ name, args = {}, id }): FunctionCall => {
      this.#callCount += 1;
      return { id: id ?? `call-${this.#callCount}`, name, args };
    });
    for (const { id } of made) this.#calls.set(id, this.#cancelled ? 'cancelled' : 'open');
    this.#replyExpected = true;
    if (!this.#cancelled) this.emit({ type: 'tool_call', calls: made });
    return made.map(({ id }) => id);
  }

  /** Takes calls back. */
  cancelCalls(...ids: string[]): void {
    for (const id of ids) this.#calls.set(id, 'cancelled');
    this.emit({ type: 'tool_cancel', ids });
  }

  /** The user spoke into the reply. */
  interrupt(): void {
    if (!this.#cancelled) this.emit({ type: 'interrupted' });
  }

  completeGeneration(): void {
    if (!this.#cancelled) this.emit({ type: 'generation_complete' });
  }

  reportUsage(usage: UsageMetadata): void {
    this.emit({ type: 'usage', usage });
  }

  completeTurn(end: TurnEnd = {}): void {
    const wasCancelled = this.#cancelled;
    this.#turn += 1;
    this.#speaking = false;
    this.#replying = false;
    this.#replyExpected = false;
    this.#cancelled = false;
    if (!wasCancelled) this.emit({ type: 'turn_complete', ...end });
  }

  /** The exchange is over. @throws {Error} unless the model's exchanges are `background` */
  completeExchange(): void {
    if (this.#capabilities.exchanges !== 'background') throw new Error('the turns of this model are its exchanges');
    this.emit({ type: 'exchange_complete' });
  }

  /** Gives a handle, with which the model can be connected to again; `undefined`: the session cannot be resumed from here. */
  giveHandle(handle: string | undefined): void {
    if (handle !== undefined) this.#observer.onHandle(handle);
    this.emit({ type: 'resumption', handle });
  }

  goAway(timeLeftMs: number): void {
    this.emit({ type: 'go_away', timeLeftMs });
  }

  /** Closes with an error of the catalogue, or with what a provider tells besides. */
  closeWith(error: WireError, info: Partial<Pick<CloseInfo, 'cause' | 'code' | 'mayBeTransient'>> = {}): void {
    this.#open = false;
    this.#finish({ cause: classifyCause(error.code), ...info, error });
  }

  /** The network fails: what is on its way is lost. */
  drop(): void {
    this.#inFlight.length = 0;
    this.closeWith(new WireError('model_closed'), { code: 1006 });
  }

  /** Stops to read: `bufferedBytes` grows with each input, and a close is not answered. The limit of 2 s for that does not exist here. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Reads again, beginning with what was sent meanwhile. */
  thaw(): void {
    this.#frozen = false;
    for (const _ of this.#inFlight) this.#deliverLater();
    void Promise.resolve().then(() => this.#answerClose());
  }

  get #position(): ReplyPosition {
    return { responseId: `response-${this.#turn}`, itemId: `item-${this.#turn}` };
  }

  #deliverLater(): void {
    void Promise.resolve().then(() => {
      const input = this.#frozen ? undefined : this.#inFlight.shift();
      if (input) this.#receive(input);
    });
  }

  #receive(input: ModelInput): void {
    if (this.#closed) return;
    this.received.push(input);
    const objection = this.#findObjection(input);
    if (objection !== undefined) {
      this.closeWith(new WireError('model_request_refused', objection), { code: 1007 });
    } else {
      this.#apply(input);
      this.#observer.onInput(input);
    }
    this.#waiters.wake();
  }

  #apply(input: ModelInput): void {
    switch (input.type) {
      case 'text':
        this.#onQuestion();
        return;
      case 'partial_text':
        this.#isTextPartial = true;
        return;
      case 'text_end':
        if (this.#isTextPartial) this.#onQuestion();
        return;
      case 'tool_results':
        for (const { id, willContinue } of input.results) {
          if (this.#calls.get(id) === 'open' && !willContinue) this.#calls.set(id, 'answered');
        }
        return;
      case 'activity_start':
        this.#speaking = true;
        return;
      case 'activity_end':
        this.#speaking = false;
        return;
      case 'cancel':
        this.#cancel();
        return;
    }
  }

  #onQuestion(): void {
    this.#isTextPartial = false;
    // A cancelled reply that has not started never comes: the next output answers this text.
    if (!this.#replying) this.#cancelled = false;
    this.#replyExpected = true;
  }

  #cancel(): void {
    if (!(this.#replying || this.#replyExpected) || this.#cancelled) return;
    const ids = [...this.#calls].flatMap(([id, state]) => (state === 'open' ? [id] : []));
    if (ids.length > 0) this.cancelCalls(...ids);
    this.emit({ type: 'interrupted' });
    this.emit({ type: 'turn_complete' });
    this.#cancelled = true;
  }

  /** Why a strict provider closes on an input; `undefined`: it does not. */
  #findObjection(input: ModelInput): string | undefined {
    const { rate, images } = this.#capabilities.input;
    const isManual = this.setup.realtimeInputConfig?.automaticActivityDetection?.disabled === true;
    switch (input.type) {
      case 'audio':
        if (input.mimeType !== `audio/pcm;rate=${rate}`) return `audio is of the type ${input.mimeType}`;
        return isBase64(input.data) ? undefined : 'audio is not base64';
      case 'image':
        if (!images.includes('frames')) return 'the model takes no images';
        return input.mimeType.startsWith('image/') ? undefined : `an image is of the type ${input.mimeType}`;
      case 'text':
      case 'partial_text':
        return input.text === '' ? 'the text is empty' : undefined;
      case 'tool_results':
        return input.results.map((result) => this.#objectToResult(result)).find((objection) => objection !== undefined);
      case 'activity_start':
        if (!isManual) return 'the model detects activity itself';
        return this.#speaking ? 'the activity before has not ended' : undefined;
      case 'activity_end':
        if (!isManual) return 'the model detects activity itself';
        return this.#speaking ? undefined : 'no activity has started';
      case 'audio_end':
        return isManual ? 'audio_end is for automatic activity detection' : undefined;
    }
  }

  #objectToResult({ id, name, scheduling, willContinue }: ScheduledResult): string | undefined {
    const state = this.#calls.get(id);
    if (state === undefined) return `there was no call ${id}`;
    const declared = this.setup.tools.find((each) => each.type === 'function' && each.name === name);
    const isNonBlocking = this.#capabilities.tools.scheduling && declared?.type === 'function' && declared.nonBlocking;
    if ((scheduling || willContinue) && !isNonBlocking) return `the model waits for the result of ${name}`;
    return state === 'answered' ? `the call ${id} was answered before` : undefined;
  }

  #emitReply(event: ModelEvent): void {
    this.#replying = true;
    if (!this.#cancelled) this.emit(event);
  }

  #answerClose(): void {
    if (!this.#closing || this.#frozen) return;
    this.#finish({ cause: 'transient', code: 1000, error: new WireError('model_closed') });
  }

  #finish(info: CloseInfo): void {
    if (this.#closed) return;
    this.#closed = info;
    this.#events.endWith({ type: 'closed', ...info });
    this.#waiters.wake();
  }
}
