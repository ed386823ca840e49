/** What code of an agent's author learns of the run that calls it: in a tool, a callback, or an instruction that is a function. */
export interface InvocationContext {
  readonly userId: string;
  readonly sessionId: string;
  /** Id that all events of the run have: `e-` and a UUID. */
  readonly invocationId: string;
  /** Name of the agent that is active. */
  readonly agentName: string;
}
