import { parseCursor } from '../../src/wire/cursor.ts';
import type { ReaderRecord, Rule } from './history.ts';
import type { LogModel, ModelFrame } from './log-model.ts';

export type Told = Extract<ReaderRecord, { did: 'told' }>;

/** A place where the reader may stand, as far as can be seen from outside. */
interface Spot {
  /** The index of the frame that it is to be told next. */
  readonly place: number;
  /** Audio before it that it was not told. */
  readonly skipped: readonly ModelFrame[];
  /** Announced gaps since the last event: their total, in ms, and their number. */
  readonly gapMs: number;
  readonly gaps: number;
  /** When the oldest of the connections that may have told it so was asked for. */
  readonly gapSince: number;
}

interface Connection {
  readonly at: number;
  readonly cursor: string | undefined;
  /** Whether the reader has received `session`, so that the server knows it. */
  greeted: boolean;
  /** Audio that other connections have delivered since this one was asked for, in ms. A `gap` of this one may count it, too. */
  overlapMs: number;
}

/** The server keeps what a reader lacks that acknowledges nothing and is away for less than 30 s, ms; it may have left before it knew. */
const SURELY_KEPT_MS = 15_000;

const NO_GAP = { gapMs: 0, gaps: 0, gapSince: Number.POSITIVE_INFINITY };

type Complain = (rule: Rule, text: string) => void;

/** A step of the reader that the log cannot explain. */
class Fault extends Error {
  readonly rule: Rule;

  constructor(rule: Rule, text: string) {
    super(text);
    this.rule = rule;
  }
}

/**
 * Follows what one reader is told through the logs. Where a client shows no ids, all places are kept at which it may stand: an event leaves
 * those that it can follow, and there must always be one.
 */
export class ReaderCheck {
  readonly #logs: ReadonlyMap<string, LogModel>;
  readonly #complain: Complain;
  readonly #connections = new Map<number, Connection>();
  /** When the last connection hung up that the server had greeted. */
  #lastSeenMs = Number.NEGATIVE_INFINITY;
  #log: LogModel | undefined;
  /** Whether it asked for no audio, of which it is told no `gap` either. */
  #silent = false;
  #spots: Spot[] = [];
  /** The fault to report unless the next event is a reset. */
  #resetDue: Fault | undefined;
  /** Whether the reader cannot be followed. A fault is reported once, until a reset gives a new position. */
  #lost = false;

  constructor(logs: ReadonlyMap<string, LogModel>, complain: Complain) {
    this.#logs = logs;
    this.#complain = complain;
  }

  asked(connection: number, cursor: string | undefined, at: number, silent: boolean): void {
    this.#silent = silent;
    this.#connections.set(connection, { at, cursor, greeted: false, overlapMs: 0 });
  }

  hungUp(connection: number, ms: number): void {
    if (this.#connections.get(connection)?.greeted) this.#lastSeenMs = ms;
    this.#connections.delete(connection);
  }

  /**
   * The log lets go of what clients have acknowledged.
   * @param acknowledges whether this reader is one of those clients
   */
  letGo(epoch: string, oldest: number, ms: number, acknowledges: boolean): void {
    const log = this.#log;
    if (this.#lost || this.#resetDue || log?.epoch !== epoch) return;
    const needed = Math.max(...this.#spots.map((spot) => log.neededAt(pastGap(log, spot), this.#silent)));
    const connected = [...this.#connections.values()].some(({ greeted }) => greeted);
    const known = acknowledges || connected || ms - this.#lastSeenMs < SURELY_KEPT_MS;
    if (needed < oldest && known) this.#complain('let go too early', `${epoch} before ${oldest}: it needs ${needed}`);
  }

  told(told: Told, at: number): void {
    this.#try(() => {
      const data = JSON.parse(told.data);
      if (told.name === 'session') this.#session(data.epoch, told.id, at);
      else if (told.name === 'reset') this.#reset(data.reason, told.id);
      else if (this.#lost) return;
      else if (this.#resetDue) throw this.#resetDue;
      else if (told.name === 'gap') {
        this.#spots = this.#spots.map((spot) => this.#withGap(spot, data.audio_ms));
        this.#passTo(told.id);
      } else if (told.name === 'hb' || told.name === 'drain' || told.name === 'superseded') this.#passTo(told.id);
      else this.#event(told);
    });
  }

  /** Checks the end of the history, when everything has been delivered. @param newest the newest epoch */
  settled(newest: string | undefined): void {
    if (this.#lost) return;
    this.#try(() => {
      const log = this.#log;
      if (!log || log.epoch !== newest) throw new Fault('reader behind', `it is in ${log?.epoch}, not in ${newest}`);
      const ends = this.#spots.flatMap((spot) => walk(log, spot, log.frames.length) ?? []);
      if (ends.length === 0) throw new Fault('reader behind', `next would be ${this.#lacking(log)}`);
      if (!ends.some((end) => this.#gapFits(end))) throw new Fault('gap wrong', describeGap(ends));
    });
  }

  #try(follow: () => void): void {
    try {
      follow();
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#lost = true;
      this.#complain(fault.rule, fault.message);
    }
  }

  #session(epoch: string, id: string | undefined, at: number): void {
    const [only, ...others] = this.#connections.values();
    if (only && others.length === 0) only.greeted = true;
    if (epoch === this.#log?.epoch) {
      if (!this.#lost) this.#cameBack(this.#log, id);
      return;
    }
    this.#resetDue = this.#log && new Fault('epoch without reset', `${this.#log.epoch}, then ${epoch}`);
    this.#lost = false;
    this.#log = this.#logs.get(epoch);
    if (!this.#log) throw new Fault('event unknown', `the epoch ${epoch}`);
    const place = id === undefined ? undefined : placeAfter(this.#log, id);
    this.#spots = spotsFrom(place ?? 0, place ?? this.#log.headAt(at));
  }

  /** A reset leads elsewhere, and the `session` before it shows that place already. */
  #cameBack(log: LogModel, id: string | undefined): void {
    try {
      this.#passTo(id);
    } catch (fault) {
      if (!(fault instanceof Fault) || fault.rule !== 'event skipped') throw fault;
      this.#resetDue = fault;
      if (id !== undefined) this.#spots = spotsFrom(placeAfter(log, id), placeAfter(log, id));
    }
  }

  #reset(reason: string, id: string | undefined): void {
    const log = this.#log;
    if (!log) throw new Fault('event unknown', 'reset before any session');
    this.#lost = false;
    this.#resetDue = undefined;
    const connections = [...this.#connections.values()];
    // A slow reader may have moved beyond the position that it requested.
    const overtaken = this.#spots.some(({ place }) => log.entryAt(place) < log.oldest);
    const cause = connections.some(({ cursor }) => isCause(reason, cursor, log)) || (reason === 'too_old' && overtaken);
    if (!cause) {
      const cursors = connections.map(({ cursor }) => cursor).join(', ');
      this.#complain('reset without cause', `${reason}, to ${cursors}, while ${log.epoch}.${log.oldest} is held`);
    }
    // The cursor leads to the newest event at its creation, which was not before the request.
    const least = log.headAt(this.#firstAsked());
    const place = id === undefined ? undefined : placeAfter(log, id);
    if (place !== undefined && place < least) throw new Fault('went back', `reset to ${id}`);
    this.#spots = spotsFrom(place ?? least, place ?? log.frames.length);
  }

  #event(told: Told): void {
    const log = this.#log;
    if (!log) throw new Fault('event unknown', `${told.name} before any session`);
    const found = this.#spots.flatMap((spot) => find(log, spot, told) ?? []);
    if (found.length === 0) throw this.#faultOf(log, told);
    const fitting = found.filter((spot) => this.#gapFits(spot));
    if (fitting.length === 0) throw new Fault('gap wrong', `before ${brief(told.data)}: ${describeGap(found)}`);
    this.#spots = fitting.map(({ place }) => ({ place: place + 1, skipped: [], ...NO_GAP }));
    const frame = log.frames[fitting[0]?.place ?? 0];
    if (this.#silent && frame && frame.audioMs > 0)
      throw new Fault('event unknown', `audio, to a reader without: ${frame.id}`);
    if (this.#connections.size > 1) {
      for (const connection of this.#connections.values()) connection.overlapMs += frame?.audioMs ?? 0;
    }
    // Every connection that may have brought it began when it was not to be heard any more.
    if (this.#connections.size > 0 && frame?.silencedAt !== undefined && frame.silencedAt < this.#firstAsked()) {
      this.#complain('silenced audio told', `${frame.id} ${brief(told.data)}`);
    }
  }

  /** Why an event cannot be the next. */
  #faultOf(log: LogModel, told: Told): Fault {
    const same = log.frames.flatMap((frame, place) => (isSame(frame, told) ? [place] : []));
    const nearest = Math.min(...this.#spots.map(({ place }) => place));
    const text = `${told.name} ${brief(told.data)}, ${told.id ?? 'without an id'}: not ${this.#lacking(log)}`;
    if (same.length === 0) return new Fault('event unknown', text);
    if (!same.some((place) => place >= nearest)) return new Fault('event again', text);
    const misnamed = told.id !== undefined && !same.some((place) => log.frames[place]?.id === told.id);
    return new Fault(misnamed ? 'wrong id' : 'event skipped', text);
  }

  /** An event of the connection alone shows where its reader stands: nothing but audio may lie between. */
  #passTo(id: string | undefined): void {
    const log = this.#log;
    if (!log) throw new Fault('event unknown', 'an event before any session');
    if (id === undefined) return;
    const place = placeAfter(log, id);
    const passed = this.#spots.flatMap((spot) => (place < spot.place ? [] : (walk(log, spot, place) ?? [])));
    const back = this.#spots.every((spot) => place < spot.place);
    if (passed.length === 0) throw new Fault(back ? 'went back' : 'event skipped', `${id}: not ${this.#lacking(log)}`);
    this.#spots = passed;
  }

  #lacking(log: LogModel): string {
    const frame = log.frames[this.#spots[0]?.place ?? 0];
    return frame ? `${frame.id} ${brief(frame.data)}` : 'anything';
  }

  #withGap(spot: Spot, ms: number): Spot {
    const gapSince = Math.min(spot.gapSince, this.#firstAsked());
    return { ...spot, gapMs: spot.gapMs + ms, gaps: spot.gaps + 1, gapSince };
  }

  /**
   * Whether what it was told to have missed is what it has missed. Audio of an interrupted turn is missed without a word; if the
   * interruption came while it read, it may have been told. While a client changes its connection, a `gap` of the newer one may count audio
   * that the older one delivered meanwhile.
   */
  #gapFits({ skipped, gapMs, gaps, gapSince }: Spot): boolean {
    if (this.#silent) return gaps === 0;
    const sum = (frames: readonly ModelFrame[]) => frames.reduce((ms, { audioMs }) => ms + audioMs, 0);
    const least = sum(skipped.filter(({ silencedAt }) => silencedAt === undefined));
    const most = sum(skipped.filter(({ silencedAt = Number.POSITIVE_INFINITY }) => silencedAt > gapSince));
    const overlapMs = Math.max(0, ...[...this.#connections.values()].map((connection) => connection.overlapMs));
    // Allow for the rounding of each gap.
    return gapMs >= least - gaps - 0.5 && gapMs <= most + overlapMs + gaps;
  }

  /** When the oldest of its connections was asked for. */
  #firstAsked(): number {
    return Math.min(...[...this.#connections.values()].map(({ at }) => at), Number.POSITIVE_INFINITY);
  }
}

function spotsFrom(first: number, last: number): Spot[] {
  const length = Math.max(0, last - first) + 1;
  return Array.from({ length }, (_, index) => ({ place: first + index, skipped: [], ...NO_GAP }));
}

/** Moves a spot to another position past nothing but audio. Returns undefined if that is impossible. */
function walk(log: LogModel, spot: Spot, place: number): Spot | undefined {
  const between = log.frames.slice(spot.place, place);
  if (between.some(({ audioMs }) => audioMs === 0)) return undefined;
  return { ...spot, place, skipped: [...spot.skipped, ...between] };
}

/** The spot of the next frame that is what was told. */
function find(log: LogModel, spot: Spot, told: Told): Spot | undefined {
  for (let place = spot.place; place < log.frames.length; place += 1) {
    const frame = log.frames[place];
    if (frame && isSame(frame, told) && (told.id === undefined || told.id === frame.id)) return walk(log, spot, place);
    if (frame?.audioMs === 0) return undefined;
  }
  return undefined;
}

function placeAfter(log: LogModel, id: string): number {
  const place = log.placeAfter(id);
  if (place === undefined) throw new Fault('wrong id', `${id} in the epoch ${log.epoch}`);
  return place;
}

function isSame(frame: ModelFrame, { name, data }: Told): boolean {
  return frame.name === name && frame.data === data;
}

function isCause(reason: string, cursor: string | undefined, { epoch, oldest }: LogModel): boolean {
  const from = cursor === undefined ? undefined : parseCursor(cursor);
  if (reason === 'unknown_epoch') return from !== undefined && from.epoch !== epoch;
  // Without a cursor the previous reader's position applies.
  if (reason !== 'too_old' || !from) return reason === 'too_old' && cursor === undefined;
  return from.epoch === epoch && (from.frames === undefined ? from.seq + 1 : from.seq) < oldest;
}

/** Returns the position after the announced gaps. A gap may be the only event for a while. */
function pastGap(log: LogModel, { place, skipped, gapMs, gaps }: Spot): number {
  let left = gapMs + gaps - skipped.reduce((ms, { audioMs }) => ms + audioMs, 0);
  let past = place;
  for (let frame = log.frames[past]; frame && frame.audioMs > 0 && frame.audioMs <= left; frame = log.frames[past]) {
    left -= frame.audioMs;
    past += 1;
  }
  return past;
}

function describeGap(spots: readonly Spot[]): string {
  return spots
    .map(({ gapMs, skipped }) => {
      const missed = skipped.map(({ id, audioMs, silencedAt }) => `${id} ${audioMs}${silencedAt ? ' silenced' : ''}`);
      return `told ${gapMs} ms, missed ${missed.join(', ') || 'nothing'}`;
    })
    .slice(0, 3)
    .join(' or ');
}

function brief(data: string): string {
  return data.slice(0, 100);
}
