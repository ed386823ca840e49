import type { FunctionCall } from '../../wire/agent-event.ts';
import type { Tool } from '../tool.ts';

/** What the tools of the agent that is active say of a call: who runs it, who gives its result, and whether the user is asked before. */
export class ToolRules {
  readonly #agent: { readonly tools: readonly Tool[] };
  /** Whether a call needs a confirmation, as it was decided. */
  readonly #decisions = new WeakMap<FunctionCall, boolean>();

  constructor(agent: { readonly tools: readonly Tool[] }) {
    this.#agent = agent;
  }

  find(name: string): Tool | undefined {
    return this.#agent.tools.find(({ declaration }) => declaration.type === 'function' && declaration.name === name);
  }

  /** Whether a call is one that clients run. A call whose arguments are invalid is answered here, so that no client runs it. */
  isClientCall({ name, args }: FunctionCall): boolean {
    const tool = this.find(name);
    if (tool?.where !== 'client') return false;
    try {
      tool.checkArguments?.(args);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the result of a call comes from an app, at any time. */
  isLongRunning({ name }: FunctionCall): boolean {
    return this.find(name)?.isLongRunning === true;
  }

  /** Whether a call runs only if the user confirms it. Decided once for each call, so that clients are told of what happens. */
  needsConfirmation(call: FunctionCall): boolean {
    const decided = this.#decisions.get(call) ?? this.#decideConfirmation(call);
    this.#decisions.set(call, decided);
    return decided;
  }

  #decideConfirmation({ name, args }: FunctionCall): boolean {
    try {
      return this.find(name)?.needsConfirmation?.(args) ?? false;
    } catch {
      return true;
    }
  }
}
