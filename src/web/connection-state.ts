import type { ClientState, Retry } from '../client/index.ts';
import { sayError } from './error-text.ts';

export type ConnectionState =
  | { phase: 'connecting' | 'live' | 'reconnecting' }
  /** It goes on trying; `error` says what the server said, if it said anything. */
  | { phase: 'offline'; error?: string }
  /** The conversation was ended; it stays so until it is opened again. */
  | { phase: 'ended' };

/** After so many failures in a row the page says that the server cannot be reached. */
const OFFLINE_AFTER = 3;

export function stateOf(state: Exclude<ClientState, 'closed'>): ConnectionState {
  return { phase: state === 'open' ? 'live' : state };
}

export function stateAfter({ attempt, status, statusText = '', failure }: Retry): ConnectionState {
  if (failure) return { phase: 'offline', error: sayError(failure.error, failure.hint) };
  if (status !== undefined) {
    return { phase: 'offline', error: `${`The server answered ${status} ${statusText}`.trim()}.` };
  }
  return { phase: attempt < OFFLINE_AFTER ? 'reconnecting' : 'offline' };
}
