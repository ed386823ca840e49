import { askForRefusal } from './ask-for-refusal.ts';
import { pause } from './backoff.ts';
import { ConnectionPair } from './connection-pair.ts';
import type { CloseInfo, DownConnection, Network } from './down-connection.ts';
import { clampNumber } from './event-receiver.ts';
import type { ReceivedEvent } from './event-request.ts';
import type { Retry } from './events.ts';
import type { WayDown, WayUp } from './link.ts';
import type { Rung } from './observation.ts';
import type { Position } from './position.ts';
import type { PostSender } from './post.ts';
import { ReconnectPolicy } from './reconnect-policy.ts';
import { describeRefusal, explainFault, isServerRefusal, RejectionPolicy } from './rejection.ts';
import type { Refusal } from './send-result.ts';
import { SilenceProbe } from './silence-probe.ts';
import type { TransportSelector } from './transport-selector.ts';
import { TrialScheduler } from './trial-scheduler.ts';
import { tryConnection } from './try-connection.ts';
import { listenForWake } from './wake.ts';

export interface ConnectionManagerOptions extends Network {
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  readonly selector: TransportSelector;
  readonly position: Position;
  readonly up: WayUp;
  /** Builds the address of a connection. */
  readonly address: (rung: Rung, query: Record<string, string>) => string;
  /** Builds the address of a trial: it names another client and starts at the head of the log. */
  readonly trialAddress: (rung: Rung, query: Record<string, string>) => string;
  /** @returns whether the event belongs to the log and is new */
  onEvent(event: ReceivedEvent): boolean;
  /** Called when the connection in use delivers its first bytes. */
  onConnected(rung: Rung): void;
  /** Called when there is no connection. */
  onDisconnected(): void;
  onRetry(retry: Retry): void;
  /** Called when the server has said that there will be no more events. */
  onOver(): void;
  /** Called when the client is refused for good. The manager makes no more requests. */
  onRejected(refusal: Refusal): void;
}

/** Age from which a connection counts as useful even if it delivered nothing new, in ms. */
const HEALTHY_MS = 5_000;
/** Maximum delay after a late request of this client took over its own connection, in ms. */
const MAX_STRAY_MS = 1_000;
/** Maximum delay that a server may ask for when it drains, in ms. */
const MAX_DRAIN_MS = 60_000;

/**
 * Way down: one connection after the other, on the rung that the ladder chooses. The next connection opens before the last one closes wherever
 * the last one still works. Events that both deliver are accepted once.
 */
export class ConnectionManager implements WayDown {
  readonly #options: ConnectionManagerOptions;
  readonly #stopped = new AbortController();
  readonly #policy: ReconnectPolicy;
  readonly #rejections = new RejectionPolicy();
  readonly #pair: ConnectionPair;
  readonly #trials: TrialScheduler;
  readonly #probe: SilenceProbe;
  readonly #stopListening: () => void;
  /** Pending while the connection is paused. */
  #paused: Promise<void> | undefined;
  #endPause: (() => void) | undefined;
  /** Aborted to end the current delay. */
  #wake = new AbortController();
  /** Time of the last bytes, in ms since 1970: other clocks may stop while a machine sleeps. */
  #lastBytesAt = Date.now();

  constructor(options: ConnectionManagerOptions) {
    this.#options = options;
    this.#policy = new ReconnectPolicy(options.random);
    this.#probe = new SilenceProbe(() => options.up.acknowledgeNow());
    this.#pair = this.#createPair();
    this.#trials = this.#createTrials();
    this.#stopListening = listenForWake((certain) => this.#onWake(certain));
    this.#run().catch((error: unknown) => options.onRejected(explainFault(error)));
  }

  get sendPost(): PostSender | undefined {
    const { active } = this.#pair;
    return active?.firstByteAt === undefined ? undefined : active.sendPost;
  }

  get statistics(): { readonly reconnects: number; readonly rotations: number } {
    return this.#pair.statistics;
  }

  /** Closes the connection in use and opens another without delay. Ends a pause. */
  reconnect(): void {
    if (this.#stopped.signal.aborted) return;
    this.#endPause?.();
    this.#pair.reset();
    this.#pair.openActive();
    this.#wake.abort();
  }

  /** Closes the connection in use. No other is opened until `reconnect`. */
  pause(): void {
    if (this.#stopped.signal.aborted || this.#paused !== undefined) return;
    this.#paused = new Promise((resolve) => {
      this.#endPause = () => {
        this.#paused = undefined;
        resolve();
      };
    });
    this.#probe.stop();
    this.#pair.closeActive();
    this.#wake.abort();
  }

  stop(): void {
    this.#stopListening();
    this.#stopped.abort();
    this.#endPause?.();
    this.#probe.stop();
    this.#pair.stop();
  }

  onPostAnswered(written: number | null | undefined, sentAt: number): void {
    const { position, selector, up } = this.#options;
    const { active } = this.#pair;
    if (this.#stopped.signal.aborted || active?.firstByteAt === undefined) return;
    this.#probe.onPostAnswered();
    if (selector.reconsiderOpening(active, up.roundTripMs)) this.#trials.schedule();
    const isMissing = written === null || (written !== undefined && written > position.seq);
    if (isMissing && active.firstByteAt < sentAt) active.expectEvents(sentAt);
  }

  onPostUnanswered(): void {
    void this.#trials.tryNow();
  }

  onEpochChanged(): void {
    this.reconnect();
  }

  #createPair(): ConnectionPair {
    const { position, up, onConnected } = this.#options;
    return new ConnectionPair({
      ...this.#options,
      policy: this.#policy,
      address: (rung, query) => this.#address(rung, query),
      onBytes: (connection) => {
        this.#lastBytesAt = Date.now();
        this.#probe.stop();
        this.#trials.onBytes(connection);
      },
      onEvent: (event) => this.#onEvent(event),
      onCursor: (id) => position.advance(id),
      onConnected: (rung) => {
        this.#rejections.onConnected();
        this.#trials.schedule();
        up.onConnected(rung);
        onConnected(rung);
      },
      onActiveChanged: () => this.#trials.clear(),
    });
  }

  #createTrials(): TrialScheduler {
    const { selector, now, trialAddress } = this.#options;
    return new TrialScheduler({
      now,
      ladder: () => selector.ladder,
      active: () => this.#pair.active,
      tryRung: (rung) => {
        const url = (query: Record<string, string>) => trialAddress(rung, query);
        const pollUrl = () => trialAddress('poll', { wait: '0' });
        return tryConnection({ ...this.#options, rung, url, pollUrl }, this.#stopped.signal);
      },
      observe: (observation) => selector.observe(observation),
      onBetter: () => this.#pair.replaceActive(),
      signal: this.#stopped.signal,
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (this.#paused !== undefined) {
        await this.#paused;
        continue;
      }
      const connection = this.#pair.active ?? this.#pair.openActive();
      this.#pair.startRace(connection);
      const info = await this.#explain(connection, await connection.closed);
      if (this.#stopped.signal.aborted) return;
      // Another connection has taken over.
      if (connection !== this.#pair.active) continue;
      if (info.outcome.kind === 'over') {
        this.#options.onOver();
        return;
      }
      const rejection = this.#rejections.judge(info.outcome);
      if (rejection) {
        this.#options.onRejected(rejection);
        return;
      }
      this.#observeClose(connection, info);
      if (!this.#pair.promoteCandidate()) await this.#waitToReconnect(info);
    }
  }

  /** Observes what the end of the active connection shows of the network. */
  #observeClose({ rung, firstByteAt }: DownConnection, { outcome, livedMs, silent }: CloseInfo): void {
    const { selector, now } = this.#options;
    const at = now();
    const begun = firstByteAt !== undefined;
    if (rung === 'poll' ? begun : livedMs !== undefined && livedMs >= HEALTHY_MS) this.#policy.markUseful();
    // The network is not the cause of an announced end, or of a refusal by the server.
    if (this.#policy.endAnnounced || isServerRefusal(outcome)) return;
    if (rung === 'poll') selector.observe({ kind: 'poll_failed', at, heldMs: livedMs ?? 0, begun });
    else selector.observe(livedMs === undefined ? { kind: 'unopened', at } : { kind: 'cut', at, livedMs, silent });
  }

  /** Finds out why a WebSocket did not open: it does not tell, so one poll asks for the reason. */
  async #explain(connection: DownConnection, info: CloseInfo): Promise<CloseInfo> {
    const isUnexplained = connection.rung === 'ws' && info.outcome.kind === 'failed';
    if (!isUnexplained || connection !== this.#pair.active || !this.#rejections.mayExplain) return info;
    const [url, { signal }] = [this.#address('poll', { wait: '0' }), this.#stopped];
    const onAccepted = () => this.#rejections.onServerFound();
    const outcome = await askForRefusal({ ...this.#options, url, signal, onAccepted });
    return outcome ? { ...info, outcome } : info;
  }

  #address(rung: Rung, query: Record<string, string>): string {
    const { position, address } = this.#options;
    return address(rung, position.id === undefined ? query : { since: position.id, ...query });
  }

  async #waitToReconnect(info: CloseInfo): Promise<void> {
    const { onDisconnected, onRetry } = this.#options;
    this.#pair.clear();
    const next = this.#policy.next(info);
    onDisconnected();
    onRetry({ ...next, ...describeRefusal(info.outcome) });
    this.#wake = new AbortController();
    await pause(next.delayMs, this.#wake.signal, this.#stopped.signal);
  }

  #onEvent(event: ReceivedEvent): boolean {
    if (event.name === 'drain') this.#onDrain(event.data as { retry_ms: number });
    else if (event.name === 'superseded') this.#onSuperseded();
    return this.#options.onEvent(event);
  }

  /** The server shuts down. The next connection waits as long as the server asks for. */
  #onDrain({ retry_ms }: { retry_ms: number }): void {
    this.#policy.announceEnd();
    this.#policy.holdOff(clampNumber(retry_ms, 0, MAX_DRAIN_MS));
  }

  /** Another connection of this client has taken over. */
  #onSuperseded(): void {
    this.#policy.announceEnd();
    // Client names are random, so that connection is the candidate, or one that this client has given up and a proxy has not.
    if (!this.#pair.hasCandidate) this.#policy.holdOff(MAX_STRAY_MS * this.#options.random());
  }

  #onWake(certain: boolean): void {
    if (this.#paused !== undefined) return;
    const { selector, heartbeatMs } = this.#options;
    const usualMs = this.#pair.active?.rung === 'poll' ? selector.ladder.holdMs + heartbeatMs() : heartbeatMs();
    if (certain || Date.now() - this.#lastBytesAt > usualMs) this.reconnect();
    else this.#wake.abort();
  }
}
