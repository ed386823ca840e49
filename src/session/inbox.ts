import { BoundedMap } from '../wire/bounded-map.ts';
import { type SizedRequest, sumBytes } from '../wire/byte-size.ts';
import { MemoryShare } from '../wire/memory-share.ts';
import { type ErrorBody, WireError } from '../wire/wire-error.ts';
import { createServerBusyError, type MemoryBudget } from './memory-budget.ts';
import type { Accepted, DecodedBody, Refused } from './session-handle.ts';

/** Result of receiving one POST. */
export interface Receipt {
  readonly answer: Accepted | Refused;
  /** Bodies whose turn has come, in order. The caller applies them. */
  readonly due: readonly (readonly SizedRequest[])[];
}

/** Maximum distance of a POST's number from the lowest missing number. */
export const WINDOW = 16;
/** Number of answers stored for each client, for POSTs that are repeated. */
const MAX_ANSWERS = 32;
/** Number of clients of one live session. The client that was active least recently is evicted. */
export const MAX_CLIENTS = 16;
/** Total size of the POSTs that are held, of all clients, in bytes. A POST above the limit is refused and may be repeated. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
/** Memory of a held POST beside its requests, in bytes. */
const HELD_POST_BYTES = 200;
/** Memory of a client, without its answers, in bytes. */
const CLIENT_BYTES = 500;
/** Memory of a stored answer, in bytes. Measured on Node 26: 70 and 420. */
const ACCEPTED_BYTES = 70;
const REFUSED_BYTES = 450;

const NONE: readonly never[] = [];

interface HeldBody {
  readonly requests: readonly SizedRequest[];
  readonly bytes: number;
}

interface Client {
  readonly name: string;
  next: number;
  /** Bodies that arrived before their turn. A refused POST uses up its number and holds an empty body. */
  readonly held: Map<number, HeldBody>;
  readonly answers: BoundedMap<number, Accepted | Refused>;
}

/** Orders the numbered POSTs of the clients of a live session, so that each is applied once and in order, however the network delivers them. */
export class Inbox {
  readonly #clients = new BoundedMap<string, Client>(MAX_CLIENTS, (client) => this.#onEvicted(client));
  readonly #budget: MemoryBudget | undefined;
  readonly #memory: MemoryShare;
  /** Client that was active last. */
  #newest: Client | undefined;
  #heldBytes = 0;
  #answerBytes = 0;

  /** @param budget memory that is held for all clients of the process. Default: it is not limited */
  constructor(budget?: MemoryBudget) {
    this.#budget = budget;
    this.#memory = new MemoryShare(budget);
  }

  /** Returns the lowest number that this client has not sent yet. */
  next(client: string): number {
    return this.#clients.get(client)?.next ?? 1;
  }

  /** Tells whether a POST was received before, and its answer is stored. */
  isAnswered(name: string, cseq: number): boolean {
    return this.#clients.get(name)?.answers.has(cseq) ?? false;
  }

  /**
   * Receives one POST. A repeated POST gets its first answer. A refused body uses up its number. `outside_window`, `request_queue_full` and
   * `server_busy` leave the number free, so that the client can repeat the POST.
   * @param hasRoom whether the request queue has room for the body
   */
  receive(name: string, cseq: number, body: DecodedBody, hasRoom: boolean): Receipt {
    const client = this.#getClient(name);
    const first = client.answers.get(cseq);
    if (first) return { answer: first, due: NONE };
    if (cseq < client.next || cseq > client.next + WINDOW) return refuse(describeOutsideWindow(cseq, client.next));

    const requests = 'refusal' in body ? NONE : body.requests;
    const isDue = cseq === client.next;
    const shortage = hasRoom ? this.#findShortage(requests, isDue) : new WireError('request_queue_full');
    if (shortage) return refuse(shortage.body());
    if (!isDue) this.#hold(client, cseq, requests);
    const due = isDue ? this.#advance(client, requests) : NONE;
    const answer: Accepted | Refused =
      'refusal' in body ? body : { status: isDue ? 'sent' : 'held', next: client.next };
    client.answers.set(cseq, answer);
    this.#answerBytes += answerBytes(answer);
    this.#count();
    return { answer, due };
  }

  /** Stops to count the memory of this inbox for good, because its session is over. */
  close(): void {
    this.#memory.close();
  }

  /** Finds the reason why a body cannot be accepted. A POST that must be held has to wait in the client while memory is short. */
  #findShortage(requests: readonly SizedRequest[], isDue: boolean): WireError | undefined {
    if (isDue) return this.#budget?.refusesInput(requests) ? createServerBusyError() : undefined;
    if (this.#heldBytes + heldBytes(requests) > MAX_HELD_BYTES) return new WireError('request_queue_full');
    return this.#budget?.admitsWork === false ? createServerBusyError() : undefined;
  }

  /** Holds a body until its turn. */
  #hold(client: Client, cseq: number, requests: readonly SizedRequest[]): void {
    const bytes = heldBytes(requests);
    client.held.set(cseq, { requests, bytes });
    this.#heldBytes += bytes;
  }

  /** Moves on to the next missing number. @returns the body in its turn and the held bodies behind it, without empty ones */
  #advance(client: Client, requests: readonly SizedRequest[]): readonly (readonly SizedRequest[])[] {
    const due: (readonly SizedRequest[])[] = [];
    for (let current = requests; ; ) {
      client.next += 1;
      if (current.length > 0) due.push(current);
      // A POST behind the end of the session is never applied. Its number stays free, so that no client takes it for used.
      if (current.some(({ request }) => request.close)) return due;
      const held = client.held.get(client.next);
      if (!held) return due;
      client.held.delete(client.next);
      this.#heldBytes -= held.bytes;
      current = held.requests;
    }
  }

  #getClient(name: string): Client {
    if (this.#newest?.name === name) return this.#newest;
    const client = this.#clients.get(name) ?? this.#createClient(name);
    this.#clients.set(name, client);
    this.#newest = client;
    return client;
  }

  #createClient(name: string): Client {
    const answers = new BoundedMap<number, Accepted | Refused>(MAX_ANSWERS, (answer) => {
      this.#answerBytes -= answerBytes(answer);
    });
    return { name, next: 1, held: new Map(), answers };
  }

  #onEvicted({ held, answers }: Client): void {
    for (const { bytes } of held.values()) this.#heldBytes -= bytes;
    for (const answer of answers.values()) this.#answerBytes -= answerBytes(answer);
  }

  #count(): void {
    this.#memory.set(this.#heldBytes + this.#answerBytes + this.#clients.size * CLIENT_BYTES);
  }
}

function heldBytes(requests: readonly SizedRequest[]): number {
  return HELD_POST_BYTES + sumBytes(requests);
}

function answerBytes(answer: Accepted | Refused): number {
  return 'refusal' in answer ? REFUSED_BYTES : ACCEPTED_BYTES;
}

function refuse(refusal: ErrorBody): Receipt {
  return { answer: { refusal }, due: NONE };
}

function describeOutsideWindow(cseq: number, next: number): ErrorBody {
  const error =
    cseq < next
      ? `POST ${cseq} is too old: its answer is no longer stored`
      : `POST ${cseq} is too far ahead of ${next}`;
  return new WireError('outside_window', error, undefined, { next }).body();
}
