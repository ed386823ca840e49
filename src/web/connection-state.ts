import type { ClientState, Retry } from '../client/index.ts';
import { formatError } from './format-error.ts';
import type { Text } from './messages/current.ts';

export type ConnectionState =
  | { phase: 'connecting' | 'live' | 'reconnecting' | 'paused' }
  /** The client keeps retrying. `error` is the server's error, if there was a response. */
  | { phase: 'offline'; error?: Text }
  /** The conversation has ended and stays so until it is opened again. */
  | { phase: 'ended' }
  /** The server asks for a sign-in. */
  | { phase: 'signed-out' };

/** Number of consecutive failures after which the page reports that the server cannot be reached. */
const OFFLINE_AFTER = 3;

export function toConnectionState(state: Exclude<ClientState, 'closed' | 'failed'>): ConnectionState {
  return { phase: state === 'open' ? 'live' : state };
}

/** Returns the state after a failed attempt to connect. */
export function stateAfterRetry({ attempt, status, statusText = '', failure }: Retry): ConnectionState {
  if (failure) return { phase: 'offline', error: () => formatError(failure.error, failure.hint) };
  if (status !== undefined) {
    return { phase: 'offline', error: ({ notice }) => notice.answered(status, statusText) };
  }
  return { phase: attempt < OFFLINE_AFTER ? 'reconnecting' : 'offline' };
}
