import type { AcceptedPost, DecodedBody, SessionHandle } from '../../session/session-handle.ts';
import { agentScopePageDialect } from '../../wire/dialects/agentscope.ts';
import type { Dialect, Frame } from '../../wire/dialects/dialect.ts';
import type { ConnectionEvents } from '../../wire/named-events.ts';
import { type ErrorBody, WireError } from '../../wire/wire-error.ts';
import { decodeItems } from '../decode-body.ts';

export interface BareMessagesOptions {
  readonly dialect: Dialect;
  /** Whether the dialect stays as it is. Otherwise the very first message may change it. */
  readonly isDialectChosen: boolean;
  readonly session: SessionHandle;
  readonly sessionEvent: ConnectionEvents['session'];
  /** Called when the first message has changed the dialect, before the message is applied. */
  readonly onDialect: (dialect: Dialect) => void;
  /** Sends a message of the connection itself. */
  readonly write: (frame: Frame) => void;
}

/**
 * Messages of a WebSocket without a client name: those of a page that was written for another server, which may not know that there are several
 * dialects.
 */
export class BareMessages {
  readonly #options: BareMessagesOptions;
  readonly #sessionId: string;
  #dialect: Dialect;
  #isDialectChosen: boolean;
  #isCreated = false;

  constructor(options: BareMessagesOptions) {
    this.#options = options;
    this.#sessionId = options.session.info.sessionId;
    this.#dialect = options.dialect;
    this.#isDialectChosen = options.isDialectChosen;
  }

  /** Call this before audio is used that arrives in a binary frame: such a frame may be the first message, too. */
  onBinary(): void {
    this.#isDialectChosen = true;
  }

  /** Decodes a message. @returns its requests, or why it is refused */
  decode(json: unknown): DecodedBody {
    if (!this.#isDialectChosen) this.#chooseDialect(json);
    const body = decodeItems(json, { dialect: this.#dialect, sessionId: this.#sessionId });
    return this.#isCreated && createsSession(body) ? { refusal: createSecondError().body() } : body;
  }

  /**
   * Answers a message: one that was refused, or one that creates the session. A page whose config is not allowed is told so, and gets the session without
   * it. A page that asks for a provider that is not there gets no session, and may ask again.
   */
  answer(answer: AcceptedPost | ErrorBody): void {
    const isRefusal = 'error' in answer;
    if (!isRefusal || answer.code === 'config_not_allowed') this.#tellSession();
    if (isRefusal) this.refuse(answer);
  }

  /** Sends an error that ends nothing. */
  refuse(error: ErrorBody): void {
    const { session, sessionEvent, write } = this.#options;
    const { agentName } = session.info;
    const { agent } = sessionEvent;
    write(this.#dialect.encodeRefusal(error, agentName === undefined ? { agent } : { agent, agentName }));
  }

  #tellSession(): void {
    this.#isCreated = true;
    for (const frame of this.#dialect.encodeControl('session', this.#options.sessionEvent)) this.#options.write(frame);
  }

  #chooseDialect(first: unknown): void {
    this.#isDialectChosen = true;
    if (!agentScopePageDialect.recognizes?.(first)) return;
    this.#dialect = agentScopePageDialect;
    this.#options.onDialect(this.#dialect);
  }
}

/** Whether a body creates a session: such a message has an answer, unlike all others of a page. */
export function createsSession(body: DecodedBody): boolean {
  return !('refusal' in body) && body.requests.some(({ request }) => request.configure !== undefined);
}

function createSecondError(): WireError {
  return new WireError(
    'malformed_item',
    'This connection has created its session already',
    'open a new connection to change the config; the conversation continues',
  );
}
