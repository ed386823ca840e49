import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson } from '../answer.ts';
import type { Tickets } from '../auth/tickets.ts';
import type { RequestContext } from '../gate.ts';

/**
 * `POST /tickets/:userId[/:sessionId]`: issues a ticket, with which an EventSource or a WebSocket of this session is opened. A body is
 * ignored.
 */
export async function serveTicket(
  _req: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  tickets: Tickets,
): Promise<void> {
  const { ticket, expiresMs } = tickets.issue(context.principal, context);
  answerJson(res, 200, { ticket, expires_ms: expiresMs }, context.corsHeaders);
}
