import {
  createLadder,
  type Ladder,
  type RememberedTransport,
  reduceLadder,
  summarizeLadder,
  type Transport,
} from './ladder.ts';
import type { Observation } from './observation.ts';
import { loadRememberedTransport, storeRememberedTransport, type TransportStorage } from './remembered-transport.ts';

type Opening = Observation & { readonly kind: 'opened' };

export interface TransportSelectorOptions {
  readonly transport: Transport;
  /** Address of the server: the transport is remembered for its origin. */
  readonly url: string;
  readonly storage: TransportStorage | undefined;
  /** Whether `auto` may use a WebSocket. */
  readonly canUseSocket: boolean;
  /** Whether the platform can read a stream. */
  readonly canStream: boolean;
  /** Clock that only goes forward, in ms. */
  readonly now: () => number;
}

/** Keeps the ladder of one client, and remembers for the next client what was measured. */
export class TransportSelector {
  readonly #options: TransportSelectorOptions;
  readonly #remembered: RememberedTransport;
  #ladder: Ladder;
  /** Connection that opened last, and the observation of its opening. */
  #opening: { readonly connection: object; readonly observation: Opening } | undefined;

  constructor(options: TransportSelectorOptions) {
    const { transport, url, storage, canUseSocket, canStream, now } = options;
    this.#options = options;
    this.#remembered = loadRememberedTransport(storage, url, Date.now());
    const remembered = canUseSocket ? this.#remembered : withoutSocket(this.#remembered);
    this.#ladder = createLadder(transport, remembered, now(), canStream);
  }

  get ladder(): Ladder {
    return this.#ladder;
  }

  /** @returns whether another rung is better now */
  observe(observation: Observation): boolean {
    const before = this.#ladder;
    this.#ladder = reduceLadder(before, observation);
    if (this.#ladder !== before) this.#remember(summarizeLadder(before), summarizeLadder(this.#ladder));
    return this.#ladder.rung !== before.rung;
  }

  noteOpening(connection: object, observation: Opening): void {
    this.#opening = { connection, observation };
  }

  /**
   * Observes an opening again if a POST has taken less time than was known then: the round trip was unknown, or was slow by chance.
   * @returns whether there was such an observation
   */
  reconsiderOpening(connection: object, roundTripMs: number | undefined): boolean {
    if (this.#opening?.connection !== connection || roundTripMs === undefined) return false;
    const { observation } = this.#opening;
    if (roundTripMs >= (observation.roundTripMs ?? Number.POSITIVE_INFINITY)) return false;
    this.#opening = { connection, observation: { ...observation, roundTripMs } };
    this.observe(this.#opening.observation);
    return true;
  }

  #remember(before: RememberedTransport, after: RememberedTransport): void {
    const { transport, storage, url, canUseSocket } = this.#options;
    const isNews = before.rung !== after.rung || before.capMs !== after.capMs || before.socket !== after.socket;
    // A transport that the caller chose was not measured.
    if (!isNews || transport !== 'auto') return;
    const known = canUseSocket ? after : { ...after, socket: this.#remembered.socket };
    storeRememberedTransport(storage, url, known, Date.now());
  }
}

function withoutSocket(remembered: RememberedTransport): RememberedTransport {
  return { ...remembered, socket: 'refused', rung: remembered.rung === 'ws' ? 'stream' : remembered.rung };
}
