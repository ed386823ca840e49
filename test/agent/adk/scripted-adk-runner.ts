import type {
  AdkLiveRequest,
  AdkRunLiveParams,
  AdkRunner,
  AdkSessionRequest,
} from '../../../src/agent/adk/adk-runner.ts';
import { AsyncQueue } from '../../../src/models/async-queue.ts';
import { afterTest, waitFor } from '../../http/test-server.ts';

/** One call of `runLive`: the test plays the model. */
export class ScriptedRun {
  readonly params: AdkRunLiveParams;
  /** Requests that the agent has sent to the model, in order. */
  readonly sent: AdkLiveRequest[] = [];
  /** Whether the connection to the model is open. */
  connected = false;
  /** Whether the run was aborted while its connection was open, which ADK 2.0 never closes then. */
  leaked = false;
  readonly #events = new AsyncQueue<object>(1_000);
  #sequence = 0;

  constructor(params: AdkRunLiveParams) {
    this.params = params;
    params.abortSignal?.addEventListener('abort', () => {
      this.leaked = this.connected;
    });
  }

  /** Events of the run, as `createEvent` of ADK makes them: with empty fields, in milliseconds. */
  get events(): AsyncIterable<object> {
    return this.#events;
  }

  /** Opens the connection: from now on the agent reads requests. */
  connect(): void {
    this.connected = true;
    void this.#sendRequests();
  }

  yield(fields: object): void {
    this.#sequence += 1;
    this.#events.push({
      invocationId: 'e-1',
      author: 'helper',
      id: `event-${this.#sequence}`,
      actions: { stateDelta: {}, artifactDelta: {}, requestedAuthConfigs: {}, requestedToolConfirmations: {} },
      longRunningToolIds: [],
      branch: undefined,
      timestamp: 1_796_000_119_871,
      ...fields,
    });
  }

  /** The connection to the model is lost, or the model has closed it. */
  end(error?: unknown): void {
    this.connected = false;
    this.#events.end(error);
  }

  async #sendRequests(): Promise<void> {
    while (this.connected && !this.params.abortSignal?.aborted) {
      const request = await this.params.liveRequestQueue.get(this.params.abortSignal);
      this.sent.push(request);
      if (request.close) this.end();
    }
  }
}

/** A Runner of ADK whose model is the test. */
export class ScriptedAdkRunner implements AdkRunner {
  readonly appName = 'app';
  readonly agent = { name: 'helper', model: 'gemini-3.1-flash-live-preview' };
  readonly runs: ScriptedRun[] = [];
  /** Events of the session in ADK's store, by session id. */
  readonly stored = new Map<string, object[]>();
  readonly sessionService = {
    getSession: async ({ sessionId }: AdkSessionRequest) => {
      const events = this.stored.get(sessionId);
      return events && { events };
    },
  };

  async *runLive(params: AdkRunLiveParams): AsyncGenerator<object, void, undefined> {
    const run = new ScriptedRun(params);
    afterTest(() => run.end());
    this.runs.push(run);
    for await (const event of run.events) yield event;
  }

  /** Waits for a run. @param number from 1 */
  run(number = 1): Promise<ScriptedRun> {
    return waitFor(`run ${number} of ADK`, () => this.runs[number - 1]);
  }
}
