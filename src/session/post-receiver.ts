import type { LiveRunner } from '../agent/run/runner.ts';
import { inputAudioMs } from '../wire/audio-duration.ts';
import { type SizedRequest, sumBytes } from '../wire/byte-size.ts';
import type { Envelope } from '../wire/envelope.ts';
import type { SessionConfig } from '../wire/session-config.ts';
import type { StateDelta } from '../wire/state-delta.ts';
import { type ErrorBody, WireError } from '../wire/wire-error.ts';
import type { ClientCalls } from './client-calls.ts';
import type { Connections } from './connections.ts';
import type { Inbox } from './inbox.ts';
import type { LiveLog } from './log/live-log.ts';
import { createServerBusyError, type MemoryBudget } from './memory-budget.ts';
import { findViolation, hasOnlyMedia } from './request-rules.ts';
import type { RunSupervisor } from './run-supervisor.ts';
import type { SessionAccount } from './session-account.ts';
import type { Accepted, DecodedBody, Refused } from './session-handle.ts';
import type { SessionLimits } from './session-limits.ts';

export interface PostReceiverOptions {
  readonly log: LiveLog;
  readonly connections: Connections;
  readonly runs: RunSupervisor;
  /** The calls that clients may answer. */
  readonly calls: ClientCalls;
  readonly limits: SessionLimits;
  /** Memory that is held for all clients of the process. */
  readonly memory: MemoryBudget;
  /** Pays for the audio. */
  readonly account: SessionAccount;
  /** Whether clients report when the user speaks; `undefined` if the runner does not say. */
  readonly manualActivity: boolean | undefined;
  readonly runner: LiveRunner;
  /** Checks whether changes of state fit into the conversation now. @throws {WireError} state_too_large */
  readonly checkState: (delta: StateDelta) => void;
  /** Checks whether a client may have a config now. @throws {WireError} */
  readonly checkConfig: (config: SessionConfig) => void;
  /** Applies a config that was checked. */
  readonly configure: (config: SessionConfig) => void;
}

/** Applies the POSTs of clients to a live session, in the order of each client. */
export class PostReceiver {
  readonly #options: PostReceiverOptions;
  readonly #inbox: Inbox;
  #closed = false;

  /** @param inbox order of the numbered POSTs */
  constructor(inbox: Inbox, options: PostReceiverOptions) {
    this.#inbox = inbox;
    this.#options = options;
  }

  /** Whether a client has requested the end of the session. The run is finishing. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Applies a POST, or holds it until a missing POST arrives.
   * @param envelope absent for a client that neither numbers its POSTs nor acknowledges events
   * @param paced whether the sender waits while the session is congested. Its audio is not refused, however fast it comes
   * @returns a refusal with `epoch_changed`, `outside_window`, `request_queue_full`, `too_much_audio`, `server_busy`, `malformed_item`,
   * `not_supported`, `state_not_allowed`, `state_too_large`, `tool_call_not_open`, `config_not_allowed`, `invalid_run_config` or `too_many_model_connections`, or the refusal of the body
   */
  receive(envelope: Envelope | undefined, body: DecodedBody, paced: boolean): Accepted | Refused {
    if (!envelope) return this.#receiveUnnumbered(this.#applyRules(body), 1, paced, null);
    const { log, connections, runs } = this.#options;
    const { client, cseq, ack } = envelope;
    const next = this.#inbox.next(client);
    if (ack) {
      if (ack.epoch !== log.epoch) return refuseEpoch(log.epoch, next);
      connections.acknowledge(client, ack.seq);
    }
    const checked = this.#applyRules(body);
    if (cseq === undefined) return this.#receiveUnnumbered(checked, next, paced, client);
    // A POST that is repeated gets its first answer.
    if (!paced && this.#hasTooMuchAudio(checked) && !this.#inbox.isAnswered(client, cseq)) return this.#refuseAudio();
    const hasRoom = runs.hasRoomFor('refusal' in checked ? 0 : sumBytes(checked.requests));
    const { answer, due } = this.#inbox.receive(client, cseq, checked, hasRoom);
    for (const requests of due) this.#apply(requests, client);
    return answer;
  }

  #receiveUnnumbered(body: DecodedBody, next: number, paced: boolean, client: string | null): Accepted | Refused {
    if ('refusal' in body) return body;
    const { requests } = body;
    if (!paced && this.#hasTooMuchAudio(body)) return this.#refuseAudio();
    if (requests.length > 0) {
      const { runs, memory } = this.#options;
      if (!runs.hasRoomFor(sumBytes(requests))) return { refusal: new WireError('request_queue_full').body() };
      if (memory.refusesInput(requests)) return { refusal: createServerBusyError().body() };
      this.#apply(requests, client);
    }
    return { status: 'sent', next };
  }

  /** Whether a body has audio, and its user has sent more audio already than a user may send. */
  #hasTooMuchAudio(body: DecodedBody): boolean {
    return !('refusal' in body) && inputAudioMs(body.requests) > 0 && this.#options.account.isAudioExhausted;
  }

  #refuseAudio(): Refused {
    return { refusal: this.#options.account.createAudioRefusal().body() };
  }

  #applyRules(body: DecodedBody): DecodedBody {
    if ('refusal' in body) return body;
    const { requests } = body;
    const { manualActivity, runner } = this.#options;
    const refusal =
      findViolation(requests, manualActivity, runner) ??
      (hasOnlyMedia(requests) ? undefined : (this.#findUnwantedAnswer(requests) ?? this.#refuseByRules(requests)));
    return refusal ? { refusal } : body;
  }

  #findUnwantedAnswer(requests: readonly SizedRequest[]): ErrorBody | undefined {
    if (!requests.some(answersCall)) return undefined;
    return this.#options.calls.findViolation(requests.map(({ request }) => request));
  }

  /** Refuses changes of state that do not fit, and configs that are not allowed. */
  #refuseByRules(requests: readonly SizedRequest[]): ErrorBody | undefined {
    const { checkState, checkConfig } = this.#options;
    try {
      for (const { request } of requests) {
        if (request.state_delta) checkState(request.state_delta);
        if (request.configure) checkConfig(request.configure);
      }
      return undefined;
    } catch (error) {
      if (WireError.is(error)) return error.body();
      throw error;
    }
  }

  #apply(given: readonly SizedRequest[], client: string | null): void {
    // A POST that was held behind a `close`.
    if (this.#closed) return;
    const { runs, limits, account, configure } = this.#options;
    const audioMs = inputAudioMs(given);
    if (audioMs > 0) account.chargeAudio(audioMs);
    if (hasOnlyMedia(given)) {
      runs.send(given, client);
      return;
    }
    // Each config costs a run, of which only the last would go on.
    const config = given.findLast(({ request }) => request.configure)?.request.configure;
    if (config) configure(config);
    const requests = given.some(answersCall) ? given.map((sized) => this.#acceptAnswers(sized)) : given;
    const forModel = requests.filter(isForModel);
    if (forModel.some(({ request }) => !request.blob)) limits.markActivity();
    if (forModel.length > 0) runs.send(forModel, client);
    if (!requests.some(({ request }) => request.close)) return;
    this.#closed = true;
    runs.finish();
  }

  /**
   * Accepts what a request says to calls of tools. While the request was held, another client may have said it: then that of this request is left
   * out.
   */
  #acceptAnswers(sized: SizedRequest): SizedRequest {
    const { tool_confirmations, tool_results, ...rest } = sized.request;
    const { calls } = this.#options;
    const confirmations = tool_confirmations && calls.acceptConfirmations(tool_confirmations);
    const results = tool_results && calls.accept(tool_results);
    return {
      ...sized,
      request: {
        ...rest,
        ...(confirmations?.length ? { tool_confirmations: confirmations } : {}),
        ...(results?.length ? { tool_results: results } : {}),
      },
    };
  }
}

/** Whether a request has anything but what the session itself carries out. */
function isForModel({ request }: SizedRequest): boolean {
  for (const field in request) if (field !== 'close' && field !== 'configure') return true;
  return false;
}

/** Whether a request has the result of a call, or confirms one. */
function answersCall({ request }: SizedRequest): boolean {
  return request.tool_results !== undefined || request.tool_confirmations !== undefined;
}

function refuseEpoch(epoch: string, next: number): Refused {
  return { refusal: new WireError('epoch_changed', undefined, undefined, { epoch, next }).body() };
}
