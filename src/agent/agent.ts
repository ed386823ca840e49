import { BaseAgent, type BaseAgentOptions } from './base-agent.ts';
import { type AgentCallbackOptions, type AgentCallbacks, CALLBACK_OPTIONS, resolveCallbacks } from './callbacks.ts';
import { checkOptionNames } from './check-option-names.ts';
import { checkEventsCompaction, type EventsCompactionConfig } from './events-compaction.ts';
import type { InstructionProvider } from './instruction.ts';
import type { RunConfig } from './run-config.ts';
import type { Tool } from './tool.ts';
import { isToolset, type Toolset } from './toolset.ts';

export interface AgentOptions extends BaseAgentOptions, AgentCallbackOptions {
  /** Name of the live model. Default: the server's default model (`DEMO_AGENT_MODEL`). */
  readonly model?: string;
  /**
   * System instruction: tells the model who it is and how to behave. `{name}` is replaced by the value of that key of the state, with the prefixes `user:`,
   * `app:` and `temp:` as there; `{name?}` is empty if the key is missing, and without the question mark the run fails. Other braces stay. A function
   * returns the instruction, within 5 s; its result is no template. Both are evaluated for each connection to the model.
   */
  readonly instruction?: string | InstructionProvider;
  /**
   * What the agent says first, before the user has said anything, as an instruction: `Welcome the caller to the bakery and ask what they want.` It is
   * said once in a conversation, also across lost connections and restarts, and can be interrupted. If the user is faster, it is left out. Default:
   * the agent waits for the user.
   */
  readonly greeting?: string;
  /** What the agent can call. Of two tools with the same name, the one of a toolset is left out. */
  readonly tools?: readonly (Tool | Toolset)[];
  /** Config of all runs of the agent, for example its voice. The config of a run takes precedence. Checked when a Runner is created. */
  readonly runConfig?: RunConfig;
  /**
   * Whether a client may replace the instruction and the name of the agent in its own live session, and tell the model the name of the user. A risk:
   * whoever may talk to the agent may then make it say and do whatever its model and its tools can, at the expense of the author. Leave it off for an
   * agent whose instruction is a rule, or whose tools trust the instruction. Default: false; what a client requests is refused.
   */
  readonly acceptsPersona?: boolean;
  /**
   * Which keys of the state clients may write with `state_delta`: all keys of the conversation and of their user (true), those of a list, or none (false).
   * What a client writes may be a lie: name the keys, or forbid it, for an agent whose tools trust the state, or whose instruction has a template. Keys
   * with `app:` or `temp:` are never accepted from a client. Default: true, as in ADK.
   */
  readonly acceptsState?: boolean | readonly string[];
  /**
   * Long memory: a text model summarizes the oldest part of a conversation, and a fresh connection is told the summary in the place of that part. A
   * conversation has one memory, so that one agent of a tree names it for all. Default: none; fresh connections are told all events in memory.
   */
  readonly eventsCompactionConfig?: EventsCompactionConfig;
  /** Whether the agent may not transfer the conversation back to its parent. Default: false. */
  readonly disallowTransferToParent?: boolean;
  /** Whether the agent may not transfer the conversation to the other children of its parent. Default: false. */
  readonly disallowTransferToPeers?: boolean;
}

const OPTIONS: readonly string[] = [
  'name',
  'model',
  'description',
  'subAgents',
  'instruction',
  'greeting',
  'tools',
  'runConfig',
  'acceptsPersona',
  'acceptsState',
  'eventsCompactionConfig',
  'disallowTransferToParent',
  'disallowTransferToPeers',
  ...CALLBACK_OPTIONS,
];

/** Agent that speaks through a live model (ADK: LlmAgent). */
export class Agent extends BaseAgent {
  readonly model: string | undefined;
  readonly instruction: string | InstructionProvider;
  readonly greeting: string | undefined;
  readonly tools: readonly Tool[];
  readonly toolsets: readonly Toolset[];
  readonly runConfig: RunConfig;
  readonly acceptsPersona: boolean;
  readonly acceptsState: boolean | readonly string[];
  readonly eventsCompactionConfig: EventsCompactionConfig | undefined;
  readonly disallowTransferToParent: boolean;
  readonly disallowTransferToPeers: boolean;
  readonly callbacks: AgentCallbacks;

  /** @throws {TypeError} if an option is unknown, if the name or a tool is invalid, or if two tools or two agents have the same name */
  constructor(options: AgentOptions) {
    checkOptions(options);
    super(options);
    const { name, model, instruction = '', greeting, tools = [], runConfig = {} } = options;
    const { acceptsPersona = false, acceptsState = true } = options;
    const { disallowTransferToParent = false, disallowTransferToPeers = false } = options;
    if (typeof instruction !== 'string' && typeof instruction !== 'function') {
      throw new TypeError(`Agent "${name}": instruction must be a text or a function that returns one`);
    }
    if (greeting !== undefined && (typeof greeting !== 'string' || greeting.trim() === '')) {
      throw new TypeError(`Agent "${name}": greeting must be a text that says how to begin`);
    }
    for (const [option, value] of Object.entries({
      acceptsPersona,
      disallowTransferToParent,
      disallowTransferToPeers,
    })) {
      if (typeof value !== 'boolean') throw new TypeError(`Agent "${name}": ${option} must be true or false`);
    }
    if (typeof acceptsState !== 'boolean' && !isListOfTexts(acceptsState)) {
      throw new TypeError(`Agent "${name}": acceptsState must be true, false or an array of keys`);
    }
    const { eventsCompactionConfig } = options;
    if (eventsCompactionConfig !== undefined) checkEventsCompaction(name, eventsCompactionConfig);
    this.model = model;
    this.instruction = instruction;
    this.greeting = greeting;
    this.tools = checkTools(name, tools);
    this.toolsets = tools.filter(isToolset);
    this.runConfig = runConfig;
    this.acceptsPersona = acceptsPersona;
    this.acceptsState = acceptsState;
    this.eventsCompactionConfig = eventsCompactionConfig;
    this.disallowTransferToParent = disallowTransferToParent;
    this.disallowTransferToPeers = disallowTransferToPeers;
    this.callbacks = resolveCallbacks(name, options);
  }
}

/** @returns the tools that belong to no toolset @throws {TypeError} */
function checkTools(name: string, tools: readonly (Tool | Toolset)[]): readonly Tool[] {
  if (!Array.isArray(tools) || !tools.every((each) => typeof each?.declaration === 'object' || isToolset(each ?? {}))) {
    throw new TypeError(`Agent "${name}": tools must be an array of what tool() and mcpToolset() return`);
  }
  const single = tools.filter((each): each is Tool => !isToolset(each));
  const names = single.map(({ declaration }) => ('name' in declaration ? declaration.name : declaration.type));
  const duplicate = names.find((toolName, index) => names.indexOf(toolName) !== index);
  if (duplicate) throw new TypeError(`Agent "${name}": two tools have the name "${duplicate}"`);
  return single;
}

function checkOptions(options: AgentOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError("Agent: the options must be an object, such as { name: 'helper' }");
  }
  checkOptionNames('Agent', options, OPTIONS);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
