import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parseCursor } from '../../wire/cursor.ts';
import { isId } from '../../wire/identifiers.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { Principal, RequestedSession } from './authenticator.ts';

export interface TicketOptions {
  /** Secret that signs the tickets. Machines that serve the same users need the same secret. Default: a random one. */
  readonly secret?: string | undefined;
  /** Tells whether a live session has this epoch, which only readers of that session know. */
  readonly isLive: (session: RequestedSession, epoch: string) => Promise<boolean>;
}

export interface IssuedTicket {
  readonly ticket: string;
  /** Time for which the ticket opens connections, in ms. */
  readonly expiresMs: number;
}

/** Routes of EventSource and WebSocket, for which browsers let a page set no header. */
const TICKET_ROUTES: readonly string[] = ['events', 'ws', 'run_live'];
/** Time for which a ticket opens connections, in ms. */
const OPENING_MS = 60_000;
/** Time for which an EventSource may reconnect with its ticket while its session lives, in ms. */
const RECONNECTING_MS = 3_600_000;
/** Maximum length of a ticket, in characters: two ids of 128 characters, two times and a signature need 460. */
const MAX_LENGTH = 512;
/** Names the purpose of the signature, so that no other use of the secret produces a valid ticket. */
const PURPOSE = 'bidi-sse ticket 1\n';

/** Content of a ticket. */
interface Claims extends RequestedSession {
  /** In ms since 1970. */
  readonly issuedAt: number;
  /** Time at which the credentials that the ticket was issued for expire, in ms since 1970. */
  readonly expiresAt: number;
}

/**
 * Short-lived credentials of one session, for EventSource and browser WebSockets, which cannot send an `Authorization` header. A ticket
 * appears in URLs, and URLs appear in logs: it opens connections for one minute only. After that, it is valid for the reconnects of an
 * EventSource, which repeats its URL: a request with a `Last-Event-ID` of the live session, for at most one hour. Nothing is stored.
 */
export class Tickets {
  readonly #secret: string | Buffer;
  readonly #isLive: TicketOptions['isLive'];

  constructor({ secret, isLive }: TicketOptions) {
    this.#secret = secret ?? randomBytes(32);
    this.#isLive = isLive;
  }

  /** Issues a ticket for a session that the principal may use. The ticket expires with the principal's credentials, if not before. */
  issue({ expiresAt }: Principal, { userId, sessionId }: RequestedSession): IssuedTicket {
    const now = Date.now();
    // JSON has no Infinity.
    const claims = [userId, sessionId, now, Number.isFinite(expiresAt) ? expiresAt : null];
    const content = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const ticket = `${content}.${this.#sign(content).toString('base64url')}`;
    return { ticket, expiresMs: Math.max(0, Math.min(OPENING_MS, expiresAt - now)) };
  }

  /**
   * Authenticates a request by the ticket in its query.
   * @param route name of the route
   * @returns `undefined` if the query has no ticket
   * @throws {WireError} unauthorized
   */
  authenticate(
    { url = '', headers }: IncomingMessage,
    route: string,
    session: RequestedSession | undefined,
  ): Promise<Principal> | undefined {
    const ticket = url.includes('ticket=') ? new URLSearchParams(url.split('?')[1]).get('ticket') : null;
    if (ticket === null) return undefined;
    if (session === undefined || !TICKET_ROUTES.includes(route)) {
      const error = 'A ticket is for EventSource and WebSocket only';
      throw new WireError('unauthorized', error, 'send Authorization: Bearer <token>');
    }
    const lastEventId = headers['last-event-id'];
    return this.verify(ticket, session, typeof lastEventId === 'string' ? lastEventId : undefined);
  }

  /**
   * Verifies a ticket.
   * @param session the session that the request names. The ticket may be for another session: the principal tells
   * @param lastEventId `Last-Event-ID` header
   * @throws {WireError} unauthorized
   */
  async verify(ticket: string, session: RequestedSession, lastEventId: string | undefined): Promise<Principal> {
    const claims = this.#read(ticket);
    if (!claims) throw createRefusal('The ticket is not valid');
    const { userId, sessionId, issuedAt, expiresAt } = claims;
    const now = Date.now();
    const age = now - issuedAt;
    if (now >= expiresAt || age > RECONNECTING_MS) throw createRefusal('The ticket has expired');
    if (age > OPENING_MS) {
      const epoch = lastEventId === undefined ? undefined : parseCursor(lastEventId)?.epoch;
      if (epoch === undefined || !(await this.#isLive(session, epoch))) throw createRefusal('The ticket has expired');
    }
    return {
      id: userId,
      userId,
      expiresAt,
      mayUse: (user, requested) => user === userId && requested === sessionId,
    };
  }

  #sign(content: string): Buffer {
    return createHmac('sha256', this.#secret).update(PURPOSE).update(content).digest();
  }

  #read(ticket: string): Claims | undefined {
    if (ticket.length > MAX_LENGTH) return undefined;
    const [content = '', signature = '', ...rest] = ticket.split('.');
    const given = Buffer.from(signature, 'base64url');
    const expected = this.#sign(content);
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return parseClaims(Buffer.from(content, 'base64url').toString());
  }
}

/** Parses the content of a ticket whose signature is valid. @returns `undefined` if another program has signed it */
function parseClaims(json: string): Claims | undefined {
  try {
    const [userId, sessionId, issuedAt, expiresAt] = JSON.parse(json);
    const areIds = [userId, sessionId].every((id) => typeof id === 'string' && isId(id));
    if (!areIds || !Number.isFinite(issuedAt)) return undefined;
    return { userId, sessionId, issuedAt, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY };
  } catch {
    return undefined;
  }
}

function createRefusal(error: string): WireError {
  return new WireError('unauthorized', error, 'request a new ticket with POST /tickets/:userId[/:sessionId]');
}
