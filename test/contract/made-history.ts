import fc from 'fast-check';
import { formatCursor } from '../../src/wire/cursor.ts';
import type { HistoryRecord, ItemKind, LoggedFrame } from './history.ts';

/** Valid histories, made by hand out of what may happen: no server, no client, no network. */
export const madeHistories: fc.Arbitrary<HistoryRecord[]> = fc.array(op(), { minLength: 10, maxLength: 80 }).map(make);

type Op =
  | { readonly op: 'append'; readonly kind: 'text' | 'audio' | 'both' | 'nothing' | 'interrupted' | 'complete' }
  /** Audio is dropped for want of room. */
  | { readonly op: 'lose' }
  /** The log lets go of so many of its oldest entries. */
  | { readonly op: 'let go'; readonly count: number }
  | { readonly op: 'read'; readonly who: number; readonly frames: number }
  | { readonly op: 'beat' | 'come back'; readonly who: number }
  | { readonly op: 'restart' }
  | { readonly op: 'say'; readonly who: number; readonly kind: ItemKind; readonly heard: boolean };

function op(): fc.Arbitrary<Op> {
  const who = fc.nat(1);
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        op: fc.constant('append' as const),
        kind: fc.constantFrom('text', 'text', 'audio', 'audio', 'both', 'nothing', 'interrupted', 'complete'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('lose' as const) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('let go' as const), count: fc.integer({ min: 1, max: 3 }) }) },
    {
      weight: 8,
      arbitrary: fc.record({ op: fc.constant('read' as const), who, frames: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('beat' as const, 'come back' as const), who }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('restart' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        op: fc.constant('say' as const),
        who,
        kind: fc.constantFrom<ItemKind>('text', 'text', 'audio', 'other', 'bad'),
        heard: fc.boolean(),
      }),
    },
  );
}

interface Entry {
  readonly seq: number;
  readonly frames: readonly LoggedFrame[];
  readonly turn: number;
  /** State of the audio: available, dropped for lack of room, or discarded after an interruption. */
  audio: 'there' | 'lost' | 'silenced';
}

interface Reader {
  readonly name: string;
  readonly showsIds: boolean;
  connection: number;
  epoch: string;
  /** Position of the connection ... */
  seq: number;
  frame: number;
  /** ... and where it was when it was last told something. */
  known: { readonly seq: number; readonly frame: number };
  gapMs: number;
}

interface Client {
  readonly name: string;
  next: number;
  /** The latest POST whose response the client has not received. */
  unheard: { readonly item: number; readonly kind: ItemKind } | undefined;
}

function make(ops: readonly Op[]): HistoryRecord[] {
  const world = new World();
  for (const each of ops) world.take(each);
  return world.settle();
}

class World {
  readonly #history: HistoryRecord[] = [];
  readonly #readers: Reader[] = ['shows-ids', 'shows-none'].map((name) => ({
    name,
    showsIds: name === 'shows-ids',
    connection: 0,
    epoch: '',
    seq: 1,
    frame: 0,
    known: { seq: 1, frame: 0 },
    gapMs: 0,
  }));
  readonly #clients: Client[] = ['one', 'other'].map((name) => ({ name, next: 1, unheard: undefined }));
  #epochs = 0;
  #connections = 0;
  #items = 0;
  #made = 0;
  #log: Entry[] = [];
  #oldest = 1;
  #turn = 1;

  constructor() {
    this.#open();
    for (const reader of this.#readers) this.#connect(reader);
  }

  take(op: Op): void {
    if (op.op === 'append') this.#append(op.kind);
    else if (op.op === 'lose') this.#lose();
    else if (op.op === 'let go') this.#letGo(op.count);
    else if (op.op === 'restart') this.#restart();
    else if (op.op === 'say') this.#say(this.#clients[op.who], op.kind, op.heard);
    else {
      const reader = this.#readers[op.who];
      if (!reader) return;
      if (op.op === 'read') this.#read(reader, op.frames);
      else if (op.op === 'beat') this.#beat(reader);
      else this.#connect(reader);
    }
  }

  /** Delivers the rest to everyone. */
  settle(): HistoryRecord[] {
    for (const client of this.#clients) this.#repeat(client);
    this.#append('text');
    for (const reader of this.#readers) this.#read(reader, Number.POSITIVE_INFINITY);
    this.#history.push({ did: 'settled' });
    return this.#history;
  }

  get #epoch(): string {
    return `made-epoch-number-${this.#epochs}`;
  }

  #open(): void {
    this.#epochs += 1;
    this.#log = [];
    this.#oldest = 1;
    this.#turn = 1;
    this.#history.push({ did: 'opened', epoch: this.#epoch });
    for (const client of this.#clients) client.next = 1;
  }

  #append(kind: Extract<Op, { op: 'append' }>['kind']): void {
    const entry: Entry = { seq: this.#log.length + 1, frames: this.#frames(kind), turn: this.#turn, audio: 'there' };
    this.#log.push(entry);
    this.#history.push({ did: 'appended', epoch: this.#epoch, seq: entry.seq, frames: entry.frames });
    if (kind === 'interrupted') {
      for (const each of this.#log) if (each.turn === this.#turn) each.audio = 'silenced';
    }
    if (kind === 'complete') this.#turn += 1;
  }

  #frames(kind: Extract<Op, { op: 'append' }>['kind']): LoggedFrame[] {
    const frame = (data: object, audioMs = 0) => ({ name: 'message', data: JSON.stringify(data), audioMs });
    const number = () => {
      this.#made += 1;
      return this.#made;
    };
    const text = () => frame({ mime_type: 'text/plain', data: `said ${number()}` });
    const audio = () => frame({ mime_type: 'audio/pcm', data: `sound ${number()}` }, 100);
    switch (kind) {
      case 'text':
        return [text()];
      case 'audio':
        return [audio()];
      case 'both':
        return [text(), audio(), text()];
      case 'nothing':
        return [];
      case 'interrupted':
        return [frame({ turn_complete: null, interrupted: true })];
      case 'complete':
        return [frame({ turn_complete: true, interrupted: null })];
    }
  }

  #lose(): void {
    const held = this.#log.slice(this.#oldest - 1, -1);
    const oldest = held.find(({ audio, frames }) => audio === 'there' && frames.some(({ audioMs }) => audioMs > 0));
    // A reader that has a part of it would have its audio behind it.
    if (oldest && this.#readers.every(({ seq, frame }) => seq !== oldest.seq || frame === 0)) oldest.audio = 'lost';
  }

  #letGo(count: number): void {
    this.#oldest = Math.min(this.#oldest + count, this.#log.length + 1);
    this.#history.push({ did: 'let go', epoch: this.#epoch, oldest: this.#oldest, why: 'limit', ms: 0 });
  }

  #restart(): void {
    this.#history.push({ did: 'over', epoch: this.#epoch, how: 'stopped' });
    this.#open();
    for (const reader of this.#readers) this.#connect(reader);
    for (const client of this.#clients) this.#repeat(client);
  }

  #connect(reader: Reader): void {
    const { name, connection } = reader;
    if (connection > 0) this.#history.push({ did: 'hung up', reader: name, connection, ms: 0 });
    this.#connections += 1;
    reader.connection = this.#connections;
    Object.assign(reader, reader.known, { gapMs: 0 });
    const cursor = reader.epoch === '' ? undefined : formatReaderCursor(reader);
    this.#history.push({ did: 'asked', reader: name, connection: reader.connection, cursor });
    const known = reader.epoch === this.#epoch;
    const reset = !known && reader.epoch !== '';
    if (!known) Object.assign(reader, { epoch: this.#epoch, seq: reset ? this.#log.length + 1 : 1, frame: 0 });
    this.#tell(reader, 'session', { epoch: this.#epoch });
    if (reset) this.#tell(reader, 'reset', { reason: 'unknown_epoch' });
  }

  #read(reader: Reader, frames: number): void {
    for (let left = frames; left > 0; left -= 1) {
      if (reader.seq < this.#oldest) this.#fallBehind(reader);
      const entry = this.#log[reader.seq - 1];
      if (!entry) break;
      const frame = entry.frames[reader.frame];
      if (!frame) Object.assign(reader, { seq: reader.seq + 1, frame: 0 });
      else if (frame.audioMs > 0 && entry.audio !== 'there') {
        if (entry.audio === 'lost') reader.gapMs += frame.audioMs;
        reader.frame += 1;
      } else {
        this.#tellGap(reader);
        reader.frame += 1;
        const last = reader.frame === entry.frames.length;
        const id = formatCursor(reader.epoch, entry.seq, last ? undefined : reader.frame);
        if (last) Object.assign(reader, { seq: reader.seq + 1, frame: 0 });
        this.#tell(reader, frame.name, frame.data, id);
      }
    }
  }

  #fallBehind(reader: Reader): void {
    Object.assign(reader, { seq: this.#log.length + 1, frame: 0, gapMs: 0 });
    this.#tell(reader, 'reset', { reason: 'too_old' });
  }

  #beat(reader: Reader): void {
    if (reader.seq < this.#oldest) this.#fallBehind(reader);
    this.#tellGap(reader);
    this.#tell(reader, 'hb', { t: 0, next: 1 });
  }

  #tellGap(reader: Reader): void {
    if (reader.gapMs > 0) this.#tell(reader, 'gap', { audio_ms: reader.gapMs });
    reader.gapMs = 0;
  }

  #tell(reader: Reader, name: string, data: object | string, id = formatReaderCursor(reader)): void {
    reader.known = { seq: reader.seq, frame: reader.frame };
    const json = typeof data === 'string' ? data : JSON.stringify(data);
    this.#history.push({ did: 'told', reader: reader.name, id: reader.showsIds ? id : undefined, name, data: json });
  }

  #say(client: Client | undefined, kind: ItemKind, heard: boolean): void {
    if (!client) return;
    this.#repeat(client);
    this.#items += 1;
    this.#history.push({ did: 'sent', client: client.name, item: this.#items, kind });
    this.#post(client, { item: this.#items, kind }, true, heard);
  }

  /** The answer was lost: the same again, or in a new epoch what nobody has seen there. */
  #repeat(client: Client): void {
    const { unheard } = client;
    if (unheard) this.#post(client, unheard, client.next === 1, true);
  }

  #post(client: Client, payload: NonNullable<Client['unheard']>, first: boolean, heard: boolean): void {
    const { item, kind } = payload;
    const number = { client: client.name, epoch: this.#epoch, cseq: first ? client.next : client.next - 1 };
    const answer = kind === 'bad' ? ('refused' as const) : ('sent' as const);
    const next = kind === 'bad' ? undefined : number.cseq + 1;
    this.#history.push({ did: 'posted', ...number, items: [item] });
    if (first && kind !== 'bad') this.#history.push({ did: 'applied', epoch: this.#epoch, item });
    this.#history.push({ did: 'answered', ...number, answer, next });
    client.next = number.cseq + 1;
    client.unheard = heard ? undefined : payload;
    if (!heard) return;
    this.#history.push({ did: 'heard', ...number, answer, next });
    if (kind === 'bad') this.#history.push({ did: 'refusal told', client: client.name });
    if (kind === 'audio') return;
    this.#history.push({ did: 'reported', client: client.name, item, as: kind === 'bad' ? 'refused' : 'sent' });
  }
}

/** Returns the position of a reader as the server shows it. */
function formatReaderCursor({ epoch, seq, frame }: Reader): string {
  return frame === 0 ? formatCursor(epoch, seq - 1) : formatCursor(epoch, seq, frame);
}
