import { CallState } from '../../src/agent/state.ts';
import { LiveState } from '../../src/store/live-state.ts';
import { StateScope } from '../../src/store/state-scope.ts';

/** A state without values, as a run has it. */
export function createLiveState(): LiveState {
  return new LiveState({ app: new StateScope(), user: new StateScope(), session: new StateScope() }).withTemp();
}

/** The state for one call of a tool. */
export function createCallState(): CallState {
  return new CallState(createLiveState());
}
