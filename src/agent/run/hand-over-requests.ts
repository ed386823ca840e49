import { BoundedMap } from '../../wire/bounded-map.ts';
import type { Agent } from '../agent.ts';
import type { AgentTree } from '../agent-tree.ts';
import type { CallControl, CallOrigin } from '../tools/tool-execution.ts';
import type { TurnView } from './turn-state.ts';

/** Maximum number of transfers within one exchange. A further one is refused, because agents may send the user round in a circle. */
const MAX_TRANSFERS = 5;

/** Maximum number of calls that have asked for a move and have no result yet. Calls that were cancelled are among them; the oldest is forgotten. */
const MAX_MOVES = 64;

/**
 * What follows the result of a call:
 * - `transfer`: another agent answers what the user said.
 * - `next_step`: the exchange is over, and the next step of the sequence speaks.
 * - `sequence_end`: the exchange is over, and so is the run.
 * - `none`: the agent whose call asked for a move is not active any more. An earlier call of the same message may have moved the conversation.
 */
export type Move =
  | { readonly kind: 'transfer'; readonly agent: Agent }
  | { readonly kind: 'next_step'; readonly agent: Agent }
  | { readonly kind: 'sequence_end' }
  | { readonly kind: 'none' };

interface RequestedMove {
  /** Agent whose call asked for the move. */
  readonly from: string;
  readonly move: Move;
}

export interface HandOverRequestsOptions {
  readonly tree: AgentTree;
  readonly active: { readonly agent: Agent };
  readonly turn: TurnView;
  /** Called when a tool asks for the end of the run. */
  readonly onEndRequested: () => void;
  /** Called when a tool asks to have the instruction and the tools of the agent read again. */
  readonly onRefreshRequested: () => void;
}

/** Requests of tools to the run: transfers to other agents, the end of a step or of the run, and new instructions. */
export class HandOverRequests implements CallControl {
  readonly #options: HandOverRequestsOptions;
  /** What follows the results of calls, by the id of the call. */
  readonly #moves = new BoundedMap<string, RequestedMove>(MAX_MOVES);
  /** Exchange of the latest transfer, and the number of transfers in it. */
  #transfers = { exchange: 0, count: 0 };

  constructor(options: HandOverRequestsOptions) {
    this.#options = options;
  }

  transferToAgent(origin: CallOrigin, name: string): void {
    const { tree, active, turn } = this.#options;
    const agent = tree.find(name);
    if (!agent) throw new TypeError(`There is no agent called "${String(name).slice(0, 100)}"`);
    if (agent === active.agent) throw new TypeError(`${agent.name} is speaking already: answer the user yourself`);
    const { exchange } = turn.state;
    const count = this.#transfers.exchange === exchange ? this.#transfers.count + 1 : 1;
    if (count > MAX_TRANSFERS) {
      throw new Error(
        `The conversation was transferred ${MAX_TRANSFERS} times without an answer: answer the user yourself`,
      );
    }
    this.#transfers = { exchange, count };
    this.#request(origin, { kind: 'transfer', agent });
  }

  completeTask(origin: CallOrigin): void {
    const { tree, active } = this.#options;
    if (origin.agentName !== active.agent.name) {
      this.#request(origin, { kind: 'none' });
      return;
    }
    if (!tree.isStep(active.agent)) throw new TypeError(`${active.agent.name} is no step of a sequence`);
    const agent = tree.findNextStep(active.agent);
    this.#request(origin, agent ? { kind: 'next_step', agent } : { kind: 'sequence_end' });
  }

  endInvocation(): void {
    this.#options.onEndRequested();
  }

  refreshAgent(): void {
    this.#options.onRefreshRequested();
  }

  /** Returns what follows the result of a call, and forgets it. @returns `undefined`: the model receives the result */
  take(callId: string): Move | undefined {
    const requested = this.#moves.get(callId);
    this.#moves.delete(callId);
    if (!requested) return undefined;
    return requested.from === this.#options.active.agent.name ? requested.move : { kind: 'none' };
  }

  #request({ callId, agentName }: CallOrigin, move: Move): void {
    this.#moves.set(callId, { from: agentName, move });
  }
}
