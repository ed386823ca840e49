/**
 * Events of a conversation in order, seen from both ends: what clients sent and readers received, what the live sessions accepted and
 * what their logs held. The records are pure data, generated or recorded.
 */
export type HistoryRecord = ServerRecord | ClientRecord | ReaderRecord;
export type History = readonly HistoryRecord[];

/** An action of a live session, which its epoch names. A session ends before the next one opens. */
export type ServerRecord =
  | { readonly did: 'opened'; readonly epoch: string }
  /** `stopped`: the process went down. */
  | { readonly did: 'over'; readonly epoch: string; readonly how: 'closed' | 'idle' | 'stopped' }
  /** The run failed, so speech that it received may be lost. */
  | { readonly did: 'run failed'; readonly epoch: string }
  /** The run read an item out of its request queue. */
  | { readonly did: 'applied'; readonly epoch: string; readonly item: number }
  | { readonly did: 'appended'; readonly epoch: string; readonly seq: number; readonly frames: readonly LoggedFrame[] }
  /** The log holds entries from `oldest` on: it was full or old, or its readers have acknowledged what was before. `ms`: by the clock */
  | {
      readonly did: 'let go';
      readonly epoch: string;
      readonly oldest: number;
      readonly why: 'limit' | 'acknowledged';
      readonly ms: number;
    };

/** An event of an entry as it was appended. */
export interface LoggedFrame {
  /** `message`: an unnamed one. */
  readonly name: string;
  /** JSON; empty: counted, and never told. */
  readonly data: string;
  /** Duration of the audio, in ms. 0 for other events. */
  readonly audioMs: number;
}

export type ItemKind =
  | 'text'
  /** May be dropped by its client, which counts what it drops. */
  | 'audio'
  /** An image, an interruption. */
  | 'other'
  /** Marks an invalid item, which must be refused. */
  | 'bad';

export type Answer = 'sent' | 'held' | 'refused';

/** An action of a client that numbers its POSTs. Responses that request a repetition (404, 409, 410, 429, 503) are left out. */
export type ClientRecord =
  | { readonly did: 'sent'; readonly client: string; readonly item: number; readonly kind: ItemKind }
  /** A numbered POST left it, for the first time or again. */
  | ({ readonly did: 'posted'; readonly items: readonly number[] } & PostNumber)
  /** The server answered it, heard or not. */
  | ({ readonly did: 'answered'; readonly answer: Answer; readonly next: number | undefined } & PostNumber)
  /** An answer reached the client. */
  | ({ readonly did: 'heard'; readonly answer: Answer; readonly next: number | undefined } & PostNumber)
  /** The client reported a refusal by the server, of any item in the POST. */
  | { readonly did: 'refusal told'; readonly client: string }
  /** The client reported that something on the way refused a POST permanently, once for all its items. */
  | { readonly did: 'barred told'; readonly client: string }
  /** The client reported the result of an item to its sender. `unsent`: the client closed before the result was known. */
  | {
      readonly did: 'reported';
      readonly client: string;
      readonly item: number;
      readonly as: 'sent' | 'refused' | 'unsent';
    }
  /** Pieces of audio that it has dropped in all, for a way up that was too slow. */
  | { readonly did: 'dropped audio'; readonly client: string; readonly pieces: number };

export interface PostNumber {
  readonly client: string;
  /** Epoch of the client's numbers. */
  readonly epoch: string;
  readonly cseq: number;
}

/** An action of a reader, which is a client or only receives. */
export type ReaderRecord =
  /** The reader requested events after `cursor`, if it had one. `silent`: without audio, on this and on all its connections */
  | {
      readonly did: 'asked';
      readonly reader: string;
      readonly connection: number;
      readonly cursor: string | undefined;
      readonly silent?: boolean;
    }
  /** The connection delivers nothing more. `ms` is the time of the clock. */
  | { readonly did: 'hung up'; readonly reader: string; readonly connection: number; readonly ms: number }
  /** An event reached its user. `id`: where the reader shows it. `data`: JSON */
  | {
      readonly did: 'told';
      readonly reader: string;
      readonly id: string | undefined;
      readonly name: string;
      readonly data: string;
    }
  /** The participant has left permanently. `superseded`: another client took over its name. */
  | { readonly did: 'left'; readonly who: string; readonly how: 'closed' | 'ended' | 'superseded' }
  /** The network had been good for long: whoever has not left has all there is. */
  | { readonly did: 'settled' };

/** A violation of the contract. */
export interface Violation {
  readonly rule: Rule;
  /** The client or reader. */
  readonly who: string;
  readonly text: string;
}

export type Rule =
  // The way up
  | 'item never sent'
  | 'item twice'
  | 'item out of order'
  | 'item again after its answer'
  | 'item lost'
  | 'accepted item not applied'
  | 'refused item applied'
  | 'refusal told wrongly'
  | 'report wrong'
  | 'number used twice'
  | 'answer wrong'
  // The way down
  | 'event unknown'
  | 'event again'
  | 'event skipped'
  | 'wrong id'
  | 'went back'
  | 'gap wrong'
  | 'silenced audio told'
  | 'epoch without reset'
  | 'reset without cause'
  | 'let go too early'
  | 'reader behind'
  | 'superseded by nobody';
