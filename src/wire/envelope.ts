import { parseCursor } from './cursor.ts';
import { WireError } from './error-catalogue.ts';
import { isId } from './identifiers.ts';

/** Who sends a POST, and where it stands in that client's order; what the envelope and the query of a raw body say alike. */
export interface Envelope {
  /** Chosen by the client; as a user id. */
  readonly client: string;
  /** Counts the client's POSTs in one epoch, from 1, without holes. Absent: the POST has no place in the order. */
  readonly cseq: number | undefined;
  /** The last event that the client has processed, and with it the epoch that it numbers in: there is one wherever there is a `cseq`. */
  readonly ack: { readonly epoch: string; readonly seq: number } | undefined;
}

/**
 * Tells an envelope, `{"client","cseq","ack","items"}`, from the items that a body may be by itself.
 * @throws {WireError} malformed_envelope
 */
export function readEnvelope(body: unknown): { envelope: Envelope; items: unknown[] } | undefined {
  if (typeof body !== 'object' || body === null || !('client' in body)) return undefined;
  const { client, cseq, ack, items = [] } = body as Record<string, unknown>;
  if (!Array.isArray(items)) throw new WireError('malformed_envelope', 'items must be an array');
  return { envelope: toEnvelope(client, cseq, ack), items };
}

/** Whether it says nothing but how far its client has come. */
export function onlyAcknowledges({ envelope, items }: { envelope: Envelope; items: readonly unknown[] }): boolean {
  return envelope.cseq === undefined && items.length === 0;
}

/**
 * The same from the query of a raw body.
 * @throws {WireError} malformed_envelope
 */
export function readEnvelopeQuery(query: { get(name: string): string | null }): Envelope | undefined {
  const client = query.get('client');
  if (client === null) return undefined;
  const cseq = query.get('cseq');
  return toEnvelope(
    client,
    cseq === null ? undefined : /^\d{1,16}$/.test(cseq) ? Number(cseq) : cseq,
    query.get('ack') ?? undefined,
  );
}

function toEnvelope(client: unknown, cseq: unknown, ack: unknown): Envelope {
  if (typeof client !== 'string' || !isId(client)) {
    throw new WireError('malformed_envelope', 'client must be 1 to 128 characters of A-Z a-z 0-9 . _ @ -');
  }
  if (cseq != null && !(typeof cseq === 'number' && Number.isSafeInteger(cseq) && cseq >= 1)) {
    throw new WireError('malformed_envelope', 'cseq must be a whole number from 1');
  }
  const cursor = typeof ack === 'string' ? parseCursor(ack) : undefined;
  if (ack != null && !cursor) throw new WireError('malformed_envelope', 'ack must be the id of an event');
  // Without it a number of an epoch that is over would be taken for one of this.
  if (cseq != null && !cursor)
    throw new WireError('malformed_envelope', 'cseq needs an ack; before the first event it is <epoch>.0');
  return {
    client,
    cseq: (cseq as number | null | undefined) ?? undefined, // checked above
    // An entry of which not all frames were processed is not acknowledged.
    ack: cursor && { epoch: cursor.epoch, seq: cursor.frames === undefined ? cursor.seq : cursor.seq - 1 },
  };
}
