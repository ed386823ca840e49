import type { AgentCard } from '../../agent/run/runner.ts';
import { createServerBusyError } from '../../session/memory-budget.ts';
import type { Attachment, Opened, SessionOpener } from '../../session/session-handle.ts';
import type { ConnectionEvents } from '../../wire/named-events.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { RequestContext } from '../gate.ts';
import type { ReaderQuery } from '../reader-query.ts';

/** Options of all routes through which a client reads. */
export interface ReaderRouteOptions {
  readonly sessions: SessionOpener;
  readonly card: AgentCard;
  /** Time between two heartbeats, in ms. */
  readonly heartbeatMs: number;
  /** Time after which a stream is renewed whose client cannot be heard, in ms. */
  readonly renewMs: number;
  /** Maximum time for which a connection may accept no data, in ms. */
  readonly stallMs: number;
  readonly limits: ConnectionEvents['session']['limits'];
  /** Name and version of the server. */
  readonly server: string;
  /** Whether the server is shutting down and opens no sessions. */
  readonly draining: () => boolean;
}

/** Length of a conversation whose `reset` costs the server as much as a request, in characters. The longest `reset` costs 16 requests. */
const CHARACTERS_PER_REQUEST = 8 * 1024;

/** A reader whose live session is open. */
export interface OpenReader extends Opened {
  readonly attachment: Attachment;
}

/**
 * Opens the live session that a reader asks for, and attaches the reader.
 * @param replacesSilent as in `ReaderInfo`
 * @returns `ended` if the reader's session has ended and the reader must not be given a new one. Otherwise the attachment needs its `detach`
 * @throws {WireError} invalid_run_config, too_many_sessions, server_busy, draining
 */
export async function openReader(
  context: Pick<RequestContext, 'userId' | 'sessionId' | 'clientAddress' | 'chargeRequests'>,
  { client, cursor, runConfig, reconnect, firstRunDelayMs, canResume = true }: ReaderQuery,
  { sessions, draining }: ReaderRouteOptions,
  replacesSilent = false,
): Promise<OpenReader | 'ended'> {
  if (draining()) throw new WireError('draining');
  const { userId, sessionId, clientAddress: address } = context;
  const opened = await sessions.open({ userId, sessionId, runConfig, cursor, reconnect, address, firstRunDelayMs });
  if (opened === 'ended') return opened;
  const { session, replaced } = opened;
  const attachment = await session.attach({ client, cursor, replacesSilent, canResume, address });
  // A `reset` is the largest thing that a client can ask for, as often as it likes.
  const { reset } = attachment.start;
  if (reset) context.chargeRequests(countCharacters(reset) / CHARACTERS_PER_REQUEST);
  const isTooLarge = reset !== undefined && session.memory.isExhausted;
  if (!draining() && !isTooLarge) return { session, replaced, attachment };
  attachment.detach(attachment.start.position);
  throw isTooLarge ? createServerBusyError() : new WireError('draining');
}

function countCharacters({ turns }: ConnectionEvents['reset']): number {
  return turns.reduce((sum, { text }) => sum + text.length, 0);
}

/** Creates the first event of a reader. */
export function createSessionEvent(
  { session, attachment }: OpenReader,
  client: string | undefined,
  { card, limits, server }: ReaderRouteOptions,
): ConnectionEvents['session'] {
  const { userId, sessionId, modality, manualActivity = false, activeAgent = card.agent } = session.info;
  return {
    epoch: session.log.epoch,
    user_id: userId,
    session_id: sessionId,
    client: client ?? null,
    next: attachment.next,
    head: session.log.head,
    agent: activeAgent,
    model: card.model,
    ...(card.emulated ? { emulated: true } : {}),
    modality,
    manual_activity: manualActivity,
    ...(card.images ? { images: card.images } : {}),
    ...(card.voices ? { voices: card.voices } : {}),
    ...(card.acceptsLanguage === undefined ? {} : { accepts_language: card.acceptsLanguage }),
    input_rate: card.inputRate,
    output_rate: card.outputRate,
    limits,
    server,
  };
}
