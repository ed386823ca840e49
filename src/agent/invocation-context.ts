import type { ReadonlyState, State } from './state.ts';

/** Names of a run, which stay the same while code of an author runs. */
export interface InvocationNames {
  readonly userId: string;
  readonly sessionId: string;
  /** Id that all events of the run have: `e-` and a UUID. */
  readonly invocationId: string;
  /** Name of the agent that is active. */
  readonly agentName: string;
}

/** The run, as code of an agent's author sees it in a tool or a callback. */
export interface InvocationContext extends InvocationNames {
  /** State of the conversation, the user and the application. */
  readonly state: State;
}

/** The run for code that may change nothing: an instruction that is a function (ADK: ReadonlyContext). */
export interface ReadonlyContext extends InvocationNames {
  readonly state: ReadonlyState;
}
