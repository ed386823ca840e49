import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerError } from '../answer.ts';
import { answerPreflight } from '../cors.ts';
import { type Gate, logRefusal, type RequestLogger } from '../gate.ts';
import type { Headers } from '../http-refusal.ts';
import { discardBody } from '../request-body.ts';

/** What answers need that ask for an allowed origin and for no caller. */
export interface OriginGuard {
  readonly gate: Gate;
  readonly logger: RequestLogger;
}

/**
 * Answers a request that needs an allowed origin and no caller. Its body is ignored.
 * @param answer writes the answer with these headers, or throws a refusal
 */
export async function serveWithoutCaller(
  req: IncomingMessage,
  res: ServerResponse,
  { gate, logger }: OriginGuard,
  answer: (headers: Headers) => void | Promise<void>,
): Promise<void> {
  let headers: Headers | undefined;
  try {
    headers = gate.authorizeOrigin(req);
    if (req.method === 'OPTIONS') answerPreflight(req, res, headers);
    else await answer(headers);
    if (!req.complete) discardBody(req);
  } catch (error) {
    // The gate has logged its own refusals.
    if (headers) logRefusal(req, error, logger);
    answerError(req, res, error, logger, headers);
  }
}
