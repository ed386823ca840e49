import { AgentTree } from './agent/agent-tree.ts';
import { type LiveRunner, Runner } from './agent/run/runner.ts';
import type { Config } from './config.ts';
import { createDefaultModel } from './default-model.ts';
import type { BasicLogger } from './isolation/guarded-logger.ts';
import type { RealtimeModel } from './models/realtime-model.ts';
import type { ServiceOptions } from './service-options.ts';
import type { LiveConversations } from './store/live-conversations.ts';

/**
 * Creates the runner of a service, unless the options contain one.
 * @returns the runner, and the model of a runner that was created
 * @throws {TypeError} if the options contain neither an agent nor a runner
 * @throws {WireError} model_not_found, invalid_run_config
 */
export function createRunner(
  { agent, runner, model: given }: ServiceOptions,
  config: Config,
  store: LiveConversations,
  logger: BasicLogger,
): { runner: LiveRunner; model: RealtimeModel | undefined } {
  if (runner) return { runner, model: undefined };
  if (!agent) throw new TypeError('The options must contain an agent or a runner');
  const model = given ?? createDefaultModel(config, new AgentTree(agent).first.model, logger);
  return { runner: new Runner({ appName: agent.name, agent, model, store, logger }), model };
}
