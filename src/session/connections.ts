import { parseCursor } from '../wire/cursor.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { LiveLog } from './log/live-log.ts';
import type { LogPosition } from './log/log-view.ts';
import type { ResetReason } from './reset-start.ts';
import type { Attachment, ConnectionListener, ReaderInfo, Start } from './session-handle.ts';

/**
 * Number of entries that are written to a reader who cannot resume before they are released. Their audio fits into one slab, which is used again at once:
 * with 32 entries the log needed new memory all the time, and the garbage collector cost as much as the rest of the server.
 */
const RELEASED_AT_A_TIME = 4;

/** Parts of a live session that its connections use. */
export interface ConnectionsOptions {
  readonly log: LiveLog;
  /** Returns the number of a client's next POST. */
  readonly nextPost: (client: string) => number;
  /** Returns the start of a reader whose position in the log is lost. */
  readonly createReset: (reason: ResetReason) => Promise<Start>;
  /** Counts a connection. @returns function that stops counting it @throws {WireError} too_many_connections */
  readonly countReader: (address: string | undefined) => () => void;
  /** Called when the last connection is detached. */
  readonly onEmpty: () => void;
}

/** All connections of one live session: which there are, which one is current for each client, and what they wrote and acknowledged. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #acks = new Acknowledgements();
  /** Attached connections, oldest first. */
  readonly #attached = new Set<Connection>();
  /** Push connection of each client that has one. */
  readonly #active = new Map<string, Connection>();
  #isOver = false;
  #postedAt = 0;
  /**
   * Start of a reader that continues for the last connection that was detached: the position of that connection. If that connection started
   * with a `reset`, the reader gets one as well, because a client that has received the `reset` has a cursor.
   */
  #lastStart: LogPosition | 'too_old' = { seq: 1, frames: 0 };

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Time of the last POST to the session, in ms on the clock of `performance.now()`; 0 before the first. */
  get postedAt(): number {
    return this.#postedAt;
  }

  /** Records that somebody uses the session. */
  recordPost(): void {
    this.#postedAt = performance.now();
  }

  /** Number of attached connections. */
  get size(): number {
    return this.#attached.size;
  }

  async attach(reader: ReaderInfo): Promise<Attachment> {
    const stopCounting = this.#options.countReader(reader.address);
    const found = this.#findStart(reader);
    const isLost = typeof found === 'string';
    const connection = new Connection(this, reader, isLost ? this.#findHead() : found, stopCounting);
    this.#attached.add(connection);
    if (isLost) await this.#moveToReset(connection, found);
    return connection;
  }

  /**
   * Records an acknowledgement and releases the entries that no reader needs. An acknowledgement of an entry that does not exist yet counts
   * for the newest entry.
   */
  acknowledge(client: string, seq: number): void {
    const { log } = this.#options;
    this.#acks.record(client, Math.min(seq, log.head));
    log.release(this.#acks.findReleasable(this.#attached, Date.now()));
    log.wakeReaders();
  }

  /**
   * Releases what was written to a client that cannot resume, as if the client had acknowledged it.
   * @param seq newest entry that was written to one of its connections
   */
  releaseWritten(client: string, seq: number): void {
    const acked = this.#acks.get(client) ?? 0;
    if (seq <= acked + RELEASED_AT_A_TIME) return;
    // Other readers may not have the newest entry yet.
    const written = Math.min(seq - 1, this.#findWrittenToAll(client));
    if (written < acked + RELEASED_AT_A_TIME) return;
    this.#acks.record(client, written);
    this.#options.log.release(this.#acks.findReleasable(this.#attached, Date.now()));
  }

  /** Returns the newest entry that a client has processed; `undefined` for a client that never acknowledges, or can no longer do so. */
  findAcked(client: string | undefined): number | undefined {
    return this.#isOver ? undefined : this.#acks.get(client);
  }

  /** Returns the time at which a client last acknowledged; `undefined` for a client that never does. */
  findHeardAt(client: string | undefined): number | undefined {
    return this.#acks.getTime(client);
  }

  /** Stops waiting for acknowledgements: a session that is over receives none, and its readers must still reach the end of the log. */
  stopAcknowledgements(): void {
    this.#isOver = true;
  }

  /** Returns the newest entry that was written to a client, as in `AcceptedPost`. */
  findWritten(client: string): number | null {
    const active = this.#active.get(client);
    if (active) return active.written;
    for (const connection of this.#attached) if (connection.client === client) return connection.written;
    return null;
  }

  findNextPost(client: string | undefined): number {
    return client === undefined ? 1 : this.#options.nextPost(client);
  }

  createReset(reason: ResetReason): Promise<Start> {
    return this.#options.createReset(reason);
  }

  /**
   * Ends all connections because the server is shutting down.
   * @param chooseRetryMs returns the wait before one client may reconnect, in ms
   */
  drain(chooseRetryMs: () => number): void {
    for (const connection of this.#attached) connection.drain(chooseRetryMs());
  }

  /** Makes a connection the push connection of its client. */
  activate(connection: Connection): void {
    const { client } = connection;
    if (client === undefined) return;
    const older = this.#active.get(client);
    this.#active.set(client, connection);
    older?.supersede();
  }

  detach(connection: Connection, position: LogPosition): void {
    if (!this.#attached.delete(connection)) return;
    connection.stopCounting();
    const { client } = connection;
    if (client !== undefined && this.#active.get(client) === connection) this.#active.delete(client);
    // After a connection that was superseded, its successor is the one to continue for, also if it has ended before.
    if (!connection.isSuperseded) this.#lastStart = connection.start.reset ? 'too_old' : position;
    if (client !== undefined && !connection.canResume && !this.#findAttached(client)) this.#acks.forget(client);
    this.#acks.onDisconnect(client, Date.now());
    if (this.#attached.size === 0) this.#options.onEmpty();
  }

  /** Moves a connection to a new start. A connection that gets none is detached, because its reader does not know it. */
  async #moveToReset(connection: Connection, reason: ResetReason): Promise<void> {
    try {
      connection.moveTo(await this.#options.createReset(reason));
    } catch (error) {
      this.detach(connection, connection.start.position);
      throw error;
    }
  }

  #findStart({ client, cursor, replacesSilent = false }: ReaderInfo): LogPosition | ResetReason {
    const { log } = this.#options;
    if (cursor !== undefined) {
      const parsed = parseCursor(cursor);
      if (!parsed) return 'malformed';
      const lookup = log.locate(parsed);
      return 'found' in lookup ? lookup.found : lookup.reset;
    }
    // Frames that were written to the client's other connection are stuck in a buffer on the network.
    const silent = replacesSilent && client !== undefined ? this.#findAttached(client) : undefined;
    if (!silent && this.#attached.size > 0) return this.#findHead();
    // Its `reset` is stuck there, too.
    const start = silent ? (silent.start.reset?.reason ?? silent.start.position) : this.#lastStart;
    return typeof start === 'string' || start.seq >= log.oldest ? start : 'too_old';
  }

  #findAttached(client: string): Connection | undefined {
    for (const connection of this.#attached) if (connection.client === client) return connection;
    return undefined;
  }

  /** Returns the newest entry that each connection of a client has, except those that were superseded. */
  #findWrittenToAll(client: string): number {
    let least = Number.POSITIVE_INFINITY;
    for (const connection of this.#attached) {
      if (connection.client === client && !connection.isSuperseded) least = Math.min(least, connection.written);
    }
    return least;
  }

  #findHead(): LogPosition {
    return { seq: this.#options.log.head + 1, frames: 0 };
  }
}

/** Attached connection, as the reader sees it. */
class Connection implements Attachment {
  readonly client: string | undefined;
  /** As in `ReaderInfo`. */
  readonly canResume: boolean;
  /** Whether a newer connection of the client has taken its place. */
  isSuperseded = false;
  start: Start;
  /** Newest entry that was written; before the first, the entry before the start. */
  written: number;
  readonly stopCounting: () => void;
  readonly #connections: Connections;
  #listener: ConnectionListener | undefined;
  /** Wait before the client may reconnect, in ms; `undefined` unless the connection was drained. */
  #retryMs: number | undefined;

  constructor(
    connections: Connections,
    { client, canResume = true }: ReaderInfo,
    position: LogPosition,
    stopCounting: () => void,
  ) {
    this.#connections = connections;
    this.canResume = canResume;
    this.stopCounting = stopCounting;
    this.client = client;
    this.start = { position };
    this.written = position.seq - 1;
  }

  get next(): number {
    return this.#connections.findNextPost(this.client);
  }

  get acked(): number | undefined {
    return this.#connections.findAcked(this.client);
  }

  get heardAt(): number | undefined {
    return this.#connections.findHeardAt(this.client);
  }

  get postedAt(): number {
    return this.#connections.postedAt;
  }

  activate(listener: ConnectionListener): void {
    this.#listener = listener;
    this.#connections.activate(this);
    // The connection was drained while its start was prepared.
    if (this.#retryMs !== undefined) listener.onDrain(this.#retryMs);
  }

  recordWritten(seq: number): void {
    this.written = seq;
    // The entries that pass a connection that was superseded are not shown to anybody.
    if (this.canResume || this.isSuperseded || this.client === undefined) return;
    this.#connections.releaseWritten(this.client, seq);
  }

  async restart(): Promise<Start> {
    this.moveTo(await this.#connections.createReset('too_old'));
    return this.start;
  }

  moveTo(start: Start): void {
    this.start = start;
    this.written = start.position.seq - 1;
  }

  detach(position: LogPosition): void {
    this.#connections.detach(this, position);
  }

  supersede(): void {
    this.isSuperseded = true;
    this.#listener?.onSuperseded();
  }

  drain(retryMs: number): void {
    this.#retryMs = retryMs;
    this.#listener?.onDrain(retryMs);
  }
}
