import type { Agent } from '../agent.ts';
import type { AgentTree } from '../agent-tree.ts';
import type { AgentCallbacks } from '../callbacks.ts';
import type { InvocationNames } from '../invocation-context.ts';
import type { Tool } from '../tool.ts';
import { describeHandOvers, listHandOverTools } from '../tools/hand-over-tools.ts';
import { addStopStreaming } from '../tools/stop-streaming.ts';

export interface ActiveAgentOptions {
  readonly tree: AgentTree;
  /** Agent with which the run starts. */
  readonly agent: Agent;
  /** Tools of this agent and of its toolsets. */
  readonly tools: readonly Tool[];
  /** Lists the tools of an agent and of its toolsets. Never rejects. */
  readonly listTools: (agent: Agent) => Promise<readonly Tool[]>;
  readonly userId: string;
  readonly sessionId: string;
  readonly invocationId: string;
}

/** The agent of a run that is active now, with its tools. */
export class ActiveAgent implements InvocationNames {
  readonly userId: string;
  readonly sessionId: string;
  readonly invocationId: string;
  readonly #tree: AgentTree;
  readonly #listTools: ActiveAgentOptions['listTools'];
  #agent: Agent;
  #tools: readonly Tool[];
  /** Resolves when the tools of the agent are known. */
  #listing: Promise<void> | undefined;
  #isListingDue = false;
  /** Resolves when the agent may speak. */
  #admission: Promise<unknown> | undefined;

  constructor({ tree, agent, tools, listTools, userId, sessionId, invocationId }: ActiveAgentOptions) {
    this.userId = userId;
    this.sessionId = sessionId;
    this.invocationId = invocationId;
    this.#tree = tree;
    this.#listTools = listTools;
    this.#agent = agent;
    this.#tools = this.#addOwnTools(tools);
  }

  get agent(): Agent {
    return this.#agent;
  }

  get agentName(): string {
    return this.#agent.name;
  }

  /** Finds the path of the author of an event from the root. @returns `undefined` for the user, and if the run has one agent only */
  findBranch(author: string): string | undefined {
    return this.#tree.hasSeveral ? this.#tree.findPath(author) : undefined;
  }

  /** Tools of the agent, of its toolsets, and those that move the conversation to another agent. */
  get tools(): readonly Tool[] {
    return this.#tools;
  }

  get callbacks(): AgentCallbacks {
    return this.#agent.callbacks;
  }

  /** What the agent is told beside its instruction: to whom it can hand over, and how. Empty: nothing. */
  get handOverRules(): string {
    return describeHandOvers(this.#tree, this.#agent);
  }

  /** Makes another agent the active one. */
  switchTo(agent: Agent): void {
    this.#agent = agent;
    this.#tools = this.#addOwnTools(agent.tools);
    this.#startListing();
  }

  /** Has the tools of the agent listed again for its next connection. Until then calls find the tools of the current one. */
  reloadTools(): void {
    this.#isListingDue = true;
  }

  /** Keeps the agent from a connection until a promise is settled. */
  waitFor(admission: Promise<unknown>): void {
    this.#admission = admission;
  }

  /** Returns the tools of the agent as soon as it may speak, and its toolsets have answered. */
  async waitForTools(): Promise<readonly Tool[]> {
    await this.#admission;
    if (this.#isListingDue) this.#startListing();
    let listing: Promise<void> | undefined;
    while (listing !== this.#listing) {
      listing = this.#listing;
      await listing;
    }
    return this.#tools;
  }

  #startListing(): void {
    this.#isListingDue = false;
    const listing = this.#listTools(this.#agent).then((tools) => {
      if (this.#listing === listing) this.#tools = this.#addOwnTools(tools);
    });
    this.#listing = listing;
  }

  /** Adds the tools that the server has for the agent. */
  #addOwnTools(tools: readonly Tool[]): readonly Tool[] {
    return addStopStreaming([...tools, ...listHandOverTools(this.#tree, this.#agent)]);
  }
}
