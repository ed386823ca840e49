import { WireError } from '../wire/error-catalogue.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import { weightOf } from '../wire/request-weight.ts';

/** What a POST in the order is answered. */
export interface InboxAnswer {
  readonly status: 'sent' | 'held';
  /** The lowest number that is missing. */
  readonly next: number;
}

/** How far ahead of the lowest missing number a POST may be. */
export const WINDOW = 16;
/** Answers that are kept for POSTs that come again. */
const KEPT_ANSWERS = 32;
/** Clients of one live session; the one that was heard least recently is forgotten for one more. */
export const MAX_CLIENTS = 16;
/** Characters of the POSTs that are held, of all clients; over it they are refused, and may come again. */
const MAX_HELD = 4 * 1024 * 1024;

interface Client {
  next: number;
  /** POSTs that came before their turn. A refused one has used up its number, and holds nothing. */
  readonly held: Map<number, LiveRequest[]>;
  readonly answers: Map<number, InboxAnswer | WireError>;
}

/**
 * The way into a live session for numbered POSTs: whatever the network does to them on the way, they are applied in order, each once.
 */
export class Inbox {
  readonly #apply: (requests: readonly LiveRequest[]) => void;
  /** In the order in which they were last heard. */
  readonly #clients = new Map<string, Client>();
  #heldSize = 0;

  /** @param apply takes the requests of a POST whose turn has come */
  constructor(apply: (requests: readonly LiveRequest[]) => void) {
    this.#apply = apply;
  }

  /** The lowest number that this client has not sent yet. */
  next(client: string): number {
    return this.#clients.get(client)?.next ?? 1;
  }

  /**
   * Takes one POST.
   * @param decode makes requests of its body; what it throws is the answer, and uses up the number like any other
   * @param admit throws if there is no room now: the number stays free, for the POST to come again
   * @throws {WireError} outside_window, or what was thrown for this number the first time
   */
  take(name: string, cseq: number, decode: () => LiveRequest[], admit: (requests: LiveRequest[]) => void): InboxAnswer {
    const client = this.#client(name);
    const first = client.answers.get(cseq);
    if (first instanceof WireError) throw first;
    if (first) return first;
    if (cseq < client.next || cseq > client.next + WINDOW) throw outsideWindow(cseq, client.next);

    let requests: LiveRequest[] = [];
    let refusal: WireError | undefined;
    try {
      requests = decode();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      refusal = error;
    }
    admit(requests);
    const size = sizeOf(requests);
    if (cseq > client.next && this.#heldSize + size > MAX_HELD) throw new WireError('request_queue_full');

    client.held.set(cseq, requests);
    this.#heldSize += size;
    this.#release(client);
    const answer = refusal ?? { status: cseq < client.next ? ('sent' as const) : ('held' as const), next: client.next };
    this.#remember(client, cseq, answer);
    if (refusal) throw refusal;
    return answer as InboxAnswer; // no refusal
  }

  /** Applies what is held for as far as no number is missing. */
  #release(client: Client): void {
    for (;;) {
      const requests = client.held.get(client.next);
      if (!requests) return;
      client.held.delete(client.next);
      client.next += 1;
      this.#heldSize -= sizeOf(requests);
      if (requests.length > 0) this.#apply(requests);
      // Nothing after it is heard: its number stays free, so that nobody takes it for used.
      if (requests.some(({ close }) => close)) return;
    }
  }

  #remember(client: Client, cseq: number, answer: InboxAnswer | WireError): void {
    client.answers.set(cseq, answer);
    for (const oldest of client.answers.keys()) {
      if (client.answers.size <= KEPT_ANSWERS) break;
      client.answers.delete(oldest);
    }
  }

  #client(name: string): Client {
    const client = this.#clients.get(name) ?? { next: 1, held: new Map(), answers: new Map() };
    this.#clients.delete(name);
    this.#clients.set(name, client);
    for (const [oldest, { held }] of this.#clients) {
      if (this.#clients.size <= MAX_CLIENTS) break;
      this.#clients.delete(oldest);
      for (const requests of held.values()) this.#heldSize -= sizeOf(requests);
    }
    return client;
  }
}

function outsideWindow(cseq: number, next: number): WireError {
  const error =
    cseq < next
      ? `POST ${cseq} is too old: its answer is not kept any more`
      : `POST ${cseq} is too far ahead of ${next}`;
  return new WireError('outside_window', error, undefined, { next });
}

function sizeOf(requests: readonly LiveRequest[]): number {
  return requests.reduce((sum, request) => sum + weightOf(request), 0);
}
