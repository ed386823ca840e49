import type { LiveState } from '../../store/live-state.ts';
import { StateLimitError } from '../../store/state-scope.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { InvocationNames } from '../invocation-context.ts';
import { CallState, StateReader } from '../state.ts';
import type { EmitEvent } from './event-factory.ts';

/** Changes of the state in one run, each of which belongs to an event. */
export class RunState {
  /** The state of the conversation, and the keys `temp:` of this run. */
  readonly values: LiveState;
  /** State for code that may not change it. */
  readonly reader: StateReader;
  readonly #invocation: InvocationNames;
  readonly #emit: EmitEvent;

  constructor(conversation: LiveState, invocation: InvocationNames, emit: EmitEvent) {
    this.values = conversation.withTemp();
    this.reader = new StateReader(this.values);
    this.#invocation = invocation;
    this.#emit = emit;
  }

  /** Opens the state for one call of an author's code. */
  open(): CallState {
    return new CallState(this.values);
  }

  /**
   * Applies the changes that a request asks for. The session has checked them; what no longer fits, because other changes came first, is reported and
   * not applied.
   * @throws {TypeError} if a key is invalid, or a value is not JSON: the request did not come from a client
   */
  applyRequest(delta: StateDelta): void {
    try {
      this.emitDelta(this.values.apply(delta), 'user');
    } catch (error) {
      if (!(error instanceof StateLimitError)) throw error;
      this.#emit({
        author: this.#invocation.agentName,
        errorCode: 'STATE_TOO_LARGE',
        errorMessage: error.message,
      });
    }
  }

  /** Emits an event for changes that no other event carries. @param author default: the agent that is active */
  emitDelta(stateDelta: StateDelta, author = this.#invocation.agentName): void {
    if (Object.keys(stateDelta).length > 0) this.#emit({ author, actions: { stateDelta } });
  }
}

/** Returns the changes of state that an event of a run carries. */
export function readStateDelta({ actions }: AgentEvent): StateDelta | undefined {
  return actions?.stateDelta as StateDelta | undefined; // events of a run get their actions from this run
}
