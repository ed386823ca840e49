import type { Frame } from '../../wire/dialects/dialect.ts';
import type { WireError } from '../../wire/wire-error.ts';
import type { ServedSocket } from '../served-socket.ts';

/** Close codes with which ADK's server refuses a page. */
const POLICY_VIOLATION = 1008;
const PROTOCOL_ERROR = 1002;
const INTERNAL_ERROR = 1011;

/** A page whose handshake succeeds although its session does not open. */
export interface RefusedUpgrade {
  readonly refusal: WireError;
  /** The refusal in each dialect that the page may have. */
  readonly messages: readonly Frame[];
}

/**
 * Tells a page why it is refused: as a message of its dialect, and in the reason of the close frame. A browser hides the HTTP answer to a
 * handshake from the page.
 */
export function refuseSocket(socket: ServedSocket, { refusal, messages }: RefusedUpgrade): void {
  // `ws` closes a socket that breaks the protocol; `close` follows.
  socket.on('error', () => {});
  socket.writeError = () => {
    for (const { data } of messages) socket.send(data);
  };
  socket.fail(toCloseCode(refusal), refusal);
}

function toCloseCode({ code, status }: WireError): number {
  if (code === 'session_ended') return PROTOCOL_ERROR;
  return status < 500 ? POLICY_VIOLATION : INTERNAL_ERROR;
}
