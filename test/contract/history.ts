/**
 * What happened in one conversation, in the order in which it happened, seen from both ends: what clients were given to send and what
 * readers were told, what the live sessions took and what their logs held. Pure data, made by hand or recorded.
 */
export type HistoryRecord = ServerRecord | ClientRecord | ReaderRecord;
export type History = readonly HistoryRecord[];

/** What a live session did; its epoch names it. One is over before the next is opened. */
export type ServerRecord =
  | { readonly did: 'opened'; readonly epoch: string }
  /** `stopped`: the process went down. */
  | { readonly did: 'over'; readonly epoch: string; readonly how: 'closed' | 'idle' | 'stopped' }
  /** Its run failed: what was spoken into it may be gone. */
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

/** One event of an entry, as it was when it was appended. */
export interface LoggedFrame {
  /** `message`: an unnamed one. */
  readonly name: string;
  /** JSON; empty: counted, and never told. */
  readonly data: string;
  /** How long it sounds; 0 for what is no audio. */
  readonly audioMs: number;
}

export type ItemKind =
  | 'text'
  /** May be dropped by its client, which counts what it drops. */
  | 'audio'
  /** An image, an interruption. */
  | 'other'
  /** Not valid: it is to be refused. */
  | 'bad';

export type Answer = 'sent' | 'held' | 'refused';

/** What a client did that numbers its POSTs. Answers that ask for the same again (404, 409, 410, 429, 503) are left out. */
export type ClientRecord =
  | { readonly did: 'sent'; readonly client: string; readonly item: number; readonly kind: ItemKind }
  /** A numbered POST left it, for the first time or again. */
  | ({ readonly did: 'posted'; readonly items: readonly number[] } & PostNumber)
  /** The server answered it, heard or not. */
  | ({ readonly did: 'answered'; readonly answer: Answer; readonly next: number | undefined } & PostNumber)
  /** An answer reached the client. */
  | ({ readonly did: 'heard'; readonly answer: Answer; readonly next: number | undefined } & PostNumber)
  /** It told its user of a refusal by the server, of whatever was in that POST. */
  | { readonly did: 'refusal told'; readonly client: string }
  /** Something on the way refused what was sent, for good: told once for all that was sent together. */
  | { readonly did: 'barred told'; readonly client: string }
  /** It told whoever sent the item what became of it; `unsent`: it was gone before it knew. */
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
  /** In which it numbers. */
  readonly epoch: string;
  readonly cseq: number;
}

/** What a reader did: a client, or somebody who only listens. */
export type ReaderRecord =
  /** It asked for events, after `cursor` if it had one. */
  | { readonly did: 'asked'; readonly reader: string; readonly connection: number; readonly cursor: string | undefined }
  /** That connection brings nothing any more. `ms`: by the clock */
  | { readonly did: 'hung up'; readonly reader: string; readonly connection: number; readonly ms: number }
  /** An event reached its user. `id`: where the reader shows it. `data`: JSON */
  | {
      readonly did: 'told';
      readonly reader: string;
      readonly id: string | undefined;
      readonly name: string;
      readonly data: string;
    }
  /** It is gone for good; `superseded`: told that another goes by its name. */
  | { readonly did: 'left'; readonly who: string; readonly how: 'closed' | 'ended' | 'superseded' }
  /** The network had been good for long: whoever has not left has all there is. */
  | { readonly did: 'settled' };

/** What the contract says is not so. */
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
