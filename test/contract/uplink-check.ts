import type { Answer, ClientRecord, ItemKind, PostNumber, Rule, ServerRecord } from './history.ts';

interface Post extends PostNumber {
  readonly items: readonly number[];
  /** Response of the server. */
  answer: Answer | undefined;
  /** The server has said that it is used, by its own answer or by that of another. */
  used: boolean;
  /** Refused, and the client knows. */
  refusalHeard: boolean;
  /** Whether the client has given up the POST and sent its number again without items. */
  givenUp: boolean;
}

interface Epoch {
  readonly applied: Set<number>;
  /** The last item that was applied of each client, by its place in what the client sent. */
  readonly last: Map<string, number>;
  runFailed: boolean;
  over: 'closed' | 'idle' | 'stopped' | undefined;
}

interface Sent {
  readonly client: string;
  readonly kind: ItemKind;
  /** Position among the items of its client, from 0. */
  readonly place: number;
  /** The epoch in which its client received an answer that confirmed the number of its POST. */
  confirmedIn: string | undefined;
  /** Result that the client has reported. */
  reported: Extract<ClientRecord, { did: 'reported' }>['as'] | undefined;
}

const UNKNOWN = { used: false, refusalHeard: false, givenUp: false };

type Complain = (rule: Rule, who: string, text: string) => void;

/** Follows what clients send to where it is applied. */
export class UplinkCheck {
  readonly #complain: Complain;
  readonly #items = new Map<number, Sent>();
  readonly #counts = new Map<string, number>();
  readonly #posts = new Map<string, Post>();
  readonly #epochs = new Map<string, Epoch>();
  readonly #refusalsTold = new Map<string, number>();
  /** Clients that were told that something on the way refused what they sent. */
  readonly #barred = new Set<string>();
  readonly #dropped = new Map<string, number>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  take(record: ClientRecord | ServerRecord): void {
    switch (record.did) {
      case 'opened':
        this.#epochs.set(record.epoch, { applied: new Set(), last: new Map(), runFailed: false, over: undefined });
        break;
      case 'over':
        this.#epoch(record.epoch).over = record.how;
        break;
      case 'run failed':
        this.#epoch(record.epoch).runFailed = true;
        break;
      case 'sent': {
        const place = this.#counts.get(record.client) ?? 0;
        this.#counts.set(record.client, place + 1);
        const { client, kind, item } = record;
        this.#items.set(item, { client, kind, place, confirmedIn: undefined, reported: undefined });
        break;
      }
      case 'posted':
        this.#posted(record);
        break;
      case 'answered':
        this.#answered(record);
        break;
      case 'heard':
        this.#heard(record);
        break;
      case 'applied':
        this.#applied(record.epoch, record.item);
        break;
      case 'barred told':
        this.#barred.add(record.client);
        break;
      case 'refusal told':
        this.#refusalsTold.set(record.client, (this.#refusalsTold.get(record.client) ?? 0) + 1);
        break;
      case 'reported':
        this.#reported(record);
        break;
      case 'dropped audio':
        this.#dropped.set(record.client, record.pieces);
        break;
    }
  }

  /** Whether the live session has answered a POST of that client, which acknowledged something. */
  isKnown(client: string, epoch: string): boolean {
    return [...this.#posts.values()].some((post) => post.client === client && post.epoch === epoch && post.answer);
  }

  /** Checks the end of the history, after which nothing more happens. @param remaining returns whether a client is still there */
  settled(remaining: (client: string) => boolean): void {
    const used = new Set([...this.#epochs.values()].flatMap(({ applied }) => [...applied]));
    const refused = new Set<number>();
    for (const post of this.#posts.values()) {
      const taken = post.used && !post.givenUp;
      if (taken) this.#expectApplied(post);
      for (const item of post.items) {
        if (taken) used.add(item);
        if (post.refusalHeard) refused.add(item);
      }
    }
    const lostAudio = new Map<string, number>();
    for (const [item, sent] of this.#items) {
      const { client, kind } = sent;
      if (kind !== 'audio') this.#expectReport(item, sent, used.has(item), refused.has(item), remaining(client));
      // A refusal is told once for all that was sent together.
      else if (remaining(client) && !used.has(item) && !refused.has(item))
        lostAudio.set(client, (lostAudio.get(client) ?? 0) + 1);
    }
    for (const [client, pieces] of lostAudio) {
      const dropped = this.#dropped.get(client) ?? 0;
      const text = `${pieces} pieces of audio, ${dropped} said to be dropped`;
      // The client does not know how many pieces were in one POST.
      if (pieces > dropped && !this.#barred.has(client)) this.#complain('item lost', client, text);
    }
    this.#expectRefusals(remaining);
  }

  /**
   * Checks that every sender received a true report. An item that something on the way refused may have been accepted
   * nevertheless.
   */
  #expectReport(item: number, sent: Sent, used: boolean, refused: boolean, remaining: boolean): void {
    const { client, kind, reported, confirmedIn } = sent;
    const text = `${kind} ${item}, which is ${used ? '' : 'not '}used, is reported ${reported}`;
    // Another response may have confirmed the number. Whether for the item or its refusal is unknown after the epoch.
    if (reported === 'unsent' && confirmedIn !== undefined) return;
    if (reported === undefined || reported === 'unsent') {
      if (remaining) this.#complain('item lost', client, text);
    } else if (reported === 'sent' ? !used : used && refused) this.#complain('report wrong', client, text);
  }

  #reported({ client, item, as }: Extract<ClientRecord, { did: 'reported' }>): void {
    const sent = this.#items.get(item);
    if (!sent || sent.reported !== undefined) {
      this.#complain('report wrong', client, `${item} is reported ${as} after ${sent?.reported}`);
    } else sent.reported = as;
  }

  #posted({ client, epoch, cseq, items }: Extract<ClientRecord, { did: 'posted' }>): void {
    const key = formatKey({ client, epoch, cseq });
    const known = this.#posts.get(key);
    if (!known) {
      this.#posts.set(key, { client, epoch, cseq, items, answer: undefined, ...UNKNOWN });
    } else if (items.length === 0) known.givenUp = true;
    else if (String(known.items) !== String(items)) {
      this.#complain('number used twice', client, `${cseq} in ${epoch}: ${known.items}, then ${items}`);
    }
  }

  #answered(record: Extract<ClientRecord, { did: 'answered' }>): void {
    const { client, epoch, cseq, answer, next } = record;
    const post = this.#posts.get(formatKey(record));
    const sane = next === undefined || (answer === 'held' ? next < cseq : next > cseq);
    // A repeated POST must get the response of the first one.
    if (!post || !sane || (post.answer ?? answer) !== answer) {
      const text = `${answer} to ${cseq} in ${epoch}, next ${next}, before it ${post?.answer}`;
      this.#complain('answer wrong', client, text);
      return;
    }
    post.answer = answer;
    for (const confirmed of this.#confirmedBy(record)) if (confirmed.answer !== 'refused') confirmed.used = true;
    if (answer !== 'refused') return;
    // An earlier response may already have confirmed the number.
    post.used = false;
    const used = post.items.find((item) => this.#epoch(epoch).applied.has(item));
    if (used !== undefined) this.#complain('refused item applied', client, `${used} in ${epoch}`);
  }

  #heard(record: Extract<ClientRecord, { did: 'heard' }>): void {
    const post = this.#posts.get(formatKey(record));
    if (!post) return;
    if (record.answer === 'refused') post.refusalHeard = true;
    for (const { items } of this.#confirmedBy(record)) {
      for (const item of items) {
        const sent = this.#items.get(item);
        if (sent) sent.confirmedIn = record.epoch;
      }
    }
  }

  /** The POSTs whose numbers such an answer says are used: for their items, or for a refusal. */
  #confirmedBy({ client, epoch, next = 0 }: Extract<ClientRecord, { did: 'answered' | 'heard' }>): Post[] {
    return [...this.#posts.values()].filter(
      (post) => post.client === client && post.epoch === epoch && post.cseq < next,
    );
  }

  #applied(name: string, item: number): void {
    const sent = this.#items.get(item);
    if (!sent) {
      this.#complain('item never sent', '', `${item} in ${name}`);
      return;
    }
    const { client, place, confirmedIn, kind } = sent;
    const epoch = this.#epoch(name);
    const last = epoch.last.get(client) ?? -1;
    const text = `${kind} ${item} in ${name}`;
    if (epoch.applied.has(item)) this.#complain('item twice', client, text);
    else if (place < last) this.#complain('item out of order', client, text);
    else if (confirmedIn !== undefined && confirmedIn !== name)
      this.#complain('item again after its answer', client, text);
    else if (kind === 'bad' || this.#wasRefused(item, name)) this.#complain('refused item applied', client, text);
    epoch.applied.add(item);
    epoch.last.set(client, Math.max(last, place));
  }

  #wasRefused(item: number, epoch: string): boolean {
    const posts = [...this.#posts.values()];
    return posts.some((post) => post.epoch === epoch && post.answer === 'refused' && post.items.includes(item));
  }

  /**
   * A body that was accepted is applied, whole. With its epoch ends what it was promised, unless a client asked for that end; and a run
   * that fails is not spoken into again, but typed text is kept for the next one.
   */
  #expectApplied({ client, epoch: name, items, answer }: Post): void {
    const { over, runFailed, applied } = this.#epoch(name);
    if (over !== undefined && (over !== 'closed' || runFailed)) return;
    // A POST that was held behind the close arrived after it.
    if (over === 'closed' && answer === 'held') return;
    for (const item of items) {
      const kind = this.#items.get(item)?.kind;
      if (applied.has(item) || (runFailed && kind !== 'text')) continue;
      this.#complain('accepted item not applied', client, `${kind} ${item} in ${name}`);
    }
  }

  #expectRefusals(remaining: (client: string) => boolean): void {
    for (const client of this.#counts.keys()) {
      if (!remaining(client)) continue;
      const told = this.#refusalsTold.get(client) ?? 0;
      const heard = [...this.#posts.values()].filter((post) => post.client === client && post.refusalHeard).length;
      if (told !== heard) this.#complain('refusal told wrongly', client, `${heard} heard, ${told} told`);
    }
  }

  #epoch(name: string): Epoch {
    const epoch = this.#epochs.get(name);
    if (!epoch) throw new Error(`the history does not open the epoch ${name}`);
    return epoch;
  }
}

function formatKey({ client, epoch, cseq }: PostNumber): string {
  return `${client} ${epoch} ${cseq}`;
}
