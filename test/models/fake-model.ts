import type { ModelCapabilities, ModelConnection, ModelSetup, RealtimeModel } from '../../src/models/realtime-model.ts';
import { ResumptionRefused } from '../../src/models/realtime-model.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { FakeConnection, type FakeConnectionObserver, type InputScript } from './fake-connection.ts';
import { Waiters } from './waiters.ts';

/** Everything that a model can have. */
const FULL_CAPABILITIES: ModelCapabilities = {
  modalities: ['TEXT', 'AUDIO'],
  input: { rate: 16_000, images: ['frames', 'in_message'], turnDetection: ['server', 'manual'] },
  output: { rate: 24_000 },
  tools: { functions: true, builtIn: ['google_search'], scheduling: false, repliesToResults: 'auto', resultImages: [] },
  truncation: true,
  cancel: 'provider',
  resumption: 'handle',
  exchanges: 'single',
  proactive: false,
  nudge: true,
  opening: 'begin',
  runOptions: new Set(['language', 'proactivity', 'affective_dialog', 'vad_signal', 'transparent_resumption']),
};

export interface FakeModelOptions {
  /** Default: `fake-live`. */
  readonly name?: string;
  /** Capabilities that differ from those of a model that has everything. */
  readonly capabilities?: Partial<ModelCapabilities>;
  /** Called when a connection is open, before `connect` returns it. */
  readonly onConnect?: (connection: FakeConnection, index: number) => void;
  /** Called with each input that reaches the provider. */
  readonly onInput?: InputScript;
}

/**
 * A model that does what a test says, without a network. The fake keeps to the contract of `realtime-model.ts` and is as strict as a provider: it
 * refuses a setup that its capabilities do not allow, and closes on an input that makes no sense. Nothing happens synchronously within `connect`
 * or `send`, and nothing depends on a timer.
 */
export class FakeModel implements RealtimeModel {
  readonly provider = 'fake';
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  /** Every setup in the order of `connect`, refused ones included. */
  readonly setups: ModelSetup[] = [];
  /** Every connection that was opened, in order. */
  readonly connections: FakeConnection[] = [];
  readonly #options: FakeModelOptions;
  readonly #refusals: Error[] = [];
  /** Handles that the provider knows, with the connection that each was given on. */
  readonly #handles = new Map<string, FakeConnection | undefined>();
  readonly #waiters = new Waiters();
  #held = false;

  constructor(options: FakeModelOptions = {}) {
    this.#options = options;
    this.name = options.name ?? 'fake-live';
    this.capabilities = { ...FULL_CAPABILITIES, ...options.capabilities };
  }

  /** Accepts all tools. */
  checkTools(): void {}

  async connect(setup: ModelSetup, signal: AbortSignal): Promise<ModelConnection> {
    signal.throwIfAborted();
    this.setups.push(setup);
    this.#waiters.wake();
    await this.#answer(signal);
    const refusal = this.#refusals.shift() ?? this.#refuseSetup(setup);
    if (refusal) throw refusal;
    const observer: FakeConnectionObserver = {
      onInput: (input) => this.#options.onInput?.(connection, input, index),
      onHandle: (handle) => this.#handles.set(handle, connection),
    };
    const connection = new FakeConnection(setup, this.capabilities, observer);
    const index = this.connections.push(connection) - 1;
    this.#options.onConnect?.(connection, index);
    this.#waiters.wake();
    return connection;
  }

  /** The connection with that index, as soon as it is open. */
  connection(index: number): Promise<FakeConnection> {
    return this.#waiters.until(() => this.connections[index]);
  }

  /** The setup with that index, as soon as `connect` was called with it. */
  setup(index: number): Promise<ModelSetup> {
    return this.#waiters.until(() => this.setups[index]);
  }

  /** The most recent connection. @throws {Error} if there is none */
  get latest(): FakeConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error('no connection was opened');
    return connection;
  }

  /** Refuses the next attempts to connect, one for each error, in this order. */
  refuse(...errors: Error[]): void {
    this.#refusals.push(...errors);
  }

  /** Leaves every attempt to connect without an answer until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#waiters.wake();
  }

  /** Makes a handle known that no connection has given, as of an earlier process. */
  rememberHandle(handle: string): void {
    this.#handles.set(handle, undefined);
  }

  /** Forgets all handles: the next attempt with one is answered with `ResumptionRefused`. */
  forgetHandles(): void {
    this.#handles.clear();
  }

  /** Waits for the provider's answer, which never comes within the call. */
  async #answer(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#waiters.wake();
    signal.addEventListener('abort', onAbort);
    try {
      await Promise.resolve();
      await this.#waiters.until(() => signal.aborted || !this.#held);
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #refuseSetup({ handle, history, modality, tools }: ModelSetup): Error | undefined {
    const { capabilities } = this;
    if (!capabilities.modalities.includes(modality)) return refused(`the model has no modality ${modality}`);
    for (const tool of tools) {
      const isKnown =
        tool.type === 'function' ? capabilities.tools.functions : capabilities.tools.builtIn.includes(tool.type);
      if (!isKnown) return refused(`the model has no tools of the type ${tool.type}`);
    }
    if (handle === undefined) return undefined;
    if (capabilities.resumption !== 'handle') return refused('the model has no resumption handles');
    if (history.length > 0) return refused('a session that is resumed knows its history');
    if (!this.#handles.has(handle)) return new ResumptionRefused();
    // As Gemini does, with 1011.
    if (this.#handles.get(handle)?.open) return new WireError('model_closed', 'the session is still open elsewhere');
    return undefined;
  }
}

function refused(text: string): WireError {
  return new WireError('model_request_refused', text);
}
