import type { IncomingMessage, ServerResponse } from 'node:http';
import { AGENTSCOPE_PROVIDERS } from '../../wire/dialects/agentscope-items.ts';
import { answerJson } from '../answer.ts';
import type { Gate, RequestLogger } from '../gate.ts';
import type { Headers } from '../http-refusal.ts';
import { createMethodRefusal } from '../request-method.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { compilePath } from '../route-match.ts';
import { serveWithoutCaller } from './serve-without-caller.ts';

export interface CheckModelsOptions {
  readonly gate: Gate;
  readonly pipeline: RequestPipeline;
  readonly logger: RequestLogger;
  /** Provider of the server's model; `undefined` if it is not known. */
  readonly provider: string | undefined;
}

const PATH = compilePath('api/check-models');

/**
 * Answers `GET /api/check-models`, with which AgentScope's page finds out which providers it may offer: `{"dashscope":false,"gemini":true,"openai":false}`.
 * The answer depends on the configuration only, so that no credentials are needed.
 * @returns `false` for every other request
 */
export function serveCheckModels(req: IncomingMessage, res: ServerResponse, options: CheckModelsOptions): boolean {
  if (!PATH.test(req.url ?? '')) return false;
  const answer = (headers: Headers) => answerModels(req, res, options.provider, headers);
  options.pipeline.serve(req, res, () => void serveWithoutCaller(req, res, options, answer));
  return true;
}

/** @throws {HttpRefusal} method_not_allowed */
function answerModels(req: IncomingMessage, res: ServerResponse, provider: string | undefined, headers: Headers): void {
  if (req.method !== 'GET') throw createMethodRefusal(req.method ?? '', 'GET');
  answerJson(res, 200, listProviders(provider), headers);
}

function listProviders(available: string | undefined): Record<string, boolean> {
  return Object.fromEntries([...AGENTSCOPE_PROVIDERS].map(([name, provider]) => [name, provider === available]));
}
