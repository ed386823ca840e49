import { parseCursor } from './cursor.ts';
import { isId } from './identifiers.ts';
import { WireError } from './wire-error.ts';

/** Sender of a POST and its place in the order of that client. A JSON body has an envelope; a raw body has the same fields in its query. */
export interface Envelope {
  /** Name of the client, which the client chooses. The same characters as in a user id. */
  readonly client: string;
  /** Number of the POST among those of the client in one epoch, from 1, without holes. `undefined` if the POST has no place in the order. */
  readonly cseq: number | undefined;
  /** Last entry that the client has processed, and the epoch that it numbers in. Present if `cseq` is. */
  readonly ack: { readonly epoch: string; readonly seq: number } | undefined;
}

/**
 * Reads the envelope of a JSON body: `{"client","cseq","ack","items"}`.
 * @returns `undefined` if the body is an item or an array of items
 * @throws {WireError} malformed_envelope
 */
export function readEnvelope(body: unknown): { envelope: Envelope; items: unknown[] } | undefined {
  if (typeof body !== 'object' || body === null || !('client' in body)) return undefined;
  const { client, cseq, ack, items = [] } = body as Record<string, unknown>;
  if (!Array.isArray(items)) throw new WireError('malformed_envelope', 'items must be an array');
  return { envelope: toEnvelope(client, cseq, ack), items };
}

/** Whether a POST contains nothing but an acknowledgement. */
export function isOnlyAcknowledgement({ envelope, items }: { envelope: Envelope; items: readonly unknown[] }): boolean {
  return envelope.cseq === undefined && items.length === 0;
}

/**
 * Reads the envelope of a raw body from its query.
 * @returns `undefined` if the query names no client
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
  // Without an `ack`, a number of an earlier epoch would count as one of this epoch.
  if (cseq != null && !cursor)
    throw new WireError('malformed_envelope', 'cseq needs an ack; before the first event, send <epoch>.0');
  return {
    client,
    cseq: (cseq as number | null | undefined) ?? undefined, // checked above
    // A client that has processed some frames of an entry has processed the entry before it.
    ack: cursor && { epoch: cursor.epoch, seq: cursor.frames === undefined ? cursor.seq : cursor.seq - 1 },
  };
}
