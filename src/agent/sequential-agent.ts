import { BaseAgent, type BaseAgentOptions } from './base-agent.ts';
import { checkOptionNames } from './check-option-names.ts';

export interface SequentialAgentOptions extends BaseAgentOptions {
  /** The steps, in order; at least one. */
  readonly subAgents: readonly BaseAgent[];
}

/**
 * Agent whose sub-agents speak one after the other (ADK: SequentialAgent). Each of them has the tool `task_completed`: with its call the next one goes
 * on, and sees the conversation so far. When the last one has completed its part, the run ends.
 */
export class SequentialAgent extends BaseAgent {
  /** @throws {TypeError} if an option is unknown or invalid, or if there is no step */
  constructor(options: SequentialAgentOptions) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(
        "SequentialAgent: the options must be an object, such as { name: 'steps', subAgents: [first, second] }",
      );
    }
    checkOptionNames('SequentialAgent', options, ['name', 'description', 'subAgents']);
    super(options);
    if (this.subAgents.length === 0) {
      throw new TypeError(`SequentialAgent "${this.name}": subAgents must contain at least one agent`);
    }
  }
}
