import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerError, answerJson } from '../answer.ts';
import type { Gate, RequestLogger } from '../gate.ts';
import { checkMessage } from '../message-check.ts';
import { discardBody } from '../request-body.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { compilePath } from '../route-match.ts';

export interface HealthRouteOptions {
  readonly gate: Gate;
  readonly pipeline: RequestPipeline;
  readonly logger: RequestLogger;
  readonly draining: () => boolean;
  readonly countSessions: () => number;
}

const PATH = compilePath('(healthz|readyz)');

/**
 * Answers the probes: `GET /healthz` says that the process lives, `GET /readyz` whether it opens sessions. Probes arrive by address or
 * under any name, so that the gate is not for them.
 * @returns `false` for every other request
 */
export function serveHealth(req: IncomingMessage, res: ServerResponse, options: HealthRouteOptions): boolean {
  if (req.method !== 'GET' && req.method !== 'HEAD') return false;
  const [, name] = PATH.exec(req.url ?? '') ?? [];
  if (name === undefined) return false;
  options.pipeline.serve(req, res, () => answerProbe(req, res, name.toLowerCase(), options));
  return true;
}

function answerProbe(
  req: IncomingMessage,
  res: ServerResponse,
  name: string,
  { gate, draining, countSessions, logger }: HealthRouteOptions,
): void {
  try {
    gate.countUnlimited(req);
    checkMessage(req);
    if (name === 'healthz') answerJson(res, 200, { status: 'ok' });
    else if (draining()) answerJson(res, 503, { status: 'draining' });
    else answerJson(res, 200, { status: 'ready', sessions: countSessions() });
    if (!req.complete) discardBody(req);
  } catch (error) {
    answerError(req, res, error, logger);
  }
}
