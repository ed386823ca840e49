import type { AgentCard } from '../agent/run/runner.ts';
import type { LiveState } from '../store/live-state.ts';
import { StateLimitError } from '../store/state-scope.ts';
import type { SessionConfig } from '../wire/session-config.ts';
import type { StateDelta } from '../wire/state-delta.ts';
import { WireError } from '../wire/wire-error.ts';

/**
 * Checks whether a client may have the config that it requests.
 * @throws {WireError} invalid_run_config: the server has no model of the provider; config_not_allowed: the author of the agent does not allow a
 * persona, or the runner cannot be told one
 */
export function checkSessionConfig({ provider, ...persona }: SessionConfig, card: AgentCard): void {
  if (provider !== undefined && provider !== card.provider) {
    throw new WireError(
      'invalid_run_config',
      'The server has no model of the requested provider, or no key for it',
      'leave the provider out, or choose one of those that GET /api/check-models reports as true',
    );
  }
  if (Object.keys(persona).length === 0 || card.acceptsPersona) return;
  if (card.acceptsPersona === false) throw new WireError('config_not_allowed');
  throw new WireError(
    'config_not_allowed',
    'The runner of this server takes no instruction and no names from clients',
    'leave them out of the config',
  );
}

/**
 * Checks whether changes of state fit into a conversation now.
 * @throws {WireError} state_too_large
 */
export function checkStateChange(state: LiveState, delta: StateDelta): void {
  try {
    state.check(delta);
  } catch (error) {
    if (error instanceof StateLimitError) throw new WireError('state_too_large', error.message);
    throw error;
  }
}
