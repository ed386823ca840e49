import type { EventRequest, Outcome } from './event-request.ts';
import { pollOnce } from './poll-transport.ts';

/** Maximum duration of the poll, in ms. */
const TIMEOUT_MS = 5_000;

export interface RefusalQuestion extends Pick<EventRequest, 'fetch' | 'headers' | 'signal'> {
  /** Address of a poll that the server answers at once. */
  readonly url: string;
  /** Called when the server answers with events: it does not refuse the client. */
  onAccepted(): void;
}

/**
 * Asks with one poll why a WebSocket did not open: the WebSocket of a platform does not tell. Never throws.
 * @returns the refusal, or the end of the session; `undefined` for any other answer
 */
export async function askForRefusal({ onAccepted, ...request }: RefusalQuestion): Promise<Outcome | undefined> {
  const ignore = () => undefined;
  const handlers = { onBytes: onAccepted, onEvent: ignore, onCursor: ignore };
  const outcome = await pollOnce({ ...request, ...handlers }, 0, TIMEOUT_MS);
  return outcome.kind === 'refused' || outcome.kind === 'over' ? outcome : undefined;
}
