import type { ModelEvent } from '../../models/realtime-model.ts';
import type { UpstreamStatus } from '../../wire/agent-event.ts';
import { completeExchange } from './complete-exchange.ts';
import type { ModelLink } from './model-link.ts';
import type { TurnView } from './turn-state.ts';
import type { Stall } from './watchdog.ts';

/**
 * - `nudge`: remind the model, on the same connection.
 * - `ask_again`: ask the question once more, on a fresh connection.
 * - `complete_turn`: the answer is there; only the end of its turn is missing. Continue on a fresh connection.
 * - `fail`: report that there is no answer, and continue with the next question on a fresh connection.
 */
type RecoveryStep = 'nudge' | 'ask_again' | 'complete_turn' | 'fail';

/** Stalls in which the model hangs. In the others it has completed its turn, and needs no reminder. */
const HANGS: ReadonlySet<Stall> = new Set(['no_response', 'unfinished_reply', 'unfinished_turn']);

export interface StallRecoveryOptions {
  readonly turn: TurnView;
  readonly link: Pick<ModelLink, 'connection' | 'replaceConnection'>;
  /** Whether a nudge may make the model continue. */
  readonly canNudge: boolean;
  readonly report: (status: UpstreamStatus) => void;
  /** Applies an event in place of the one that the model did not send. */
  readonly apply: (event: ModelEvent) => void;
  /** Called before a question is asked again that the model has refused again and again: what it was told before may be the reason. */
  readonly onRefused: () => void;
  /** Called when the model was reminded. */
  readonly onNudged: () => void;
}

/** Recovers from a model that has fallen silent. A question is asked at most twice, so that there are never two answers. */
export class StallRecovery {
  readonly #options: StallRecoveryOptions;
  #exchange = 0;
  #nudged = false;
  #askedAgain = false;

  constructor(options: StallRecoveryOptions) {
    this.#options = options;
  }

  recover(stall: Stall): void {
    const { turn, link, report, apply, onNudged } = this.#options;
    report({ upstream: 'stalled', stall });
    switch (this.#chooseStep(stall, turn.state.exchange)) {
      case 'nudge':
        link.connection?.send({ type: 'nudge' });
        onNudged();
        return;
      case 'complete_turn':
        completeExchange(turn, apply);
        break;
      case 'ask_again':
        if (stall === 'repeated_failure') this.#options.onRefused();
        break;
      case 'fail':
        // The question is passed over: nothing of it is replayed.
        completeExchange(turn, apply, {
          type: 'turn_complete',
          reason: 'NO_RESPONSE',
          failure: 'The model gave no answer',
        });
        break;
    }
    link.replaceConnection();
  }

  /** @param exchange number of the current exchange. Each exchange has its own steps */
  #chooseStep(stall: Stall, exchange: number): RecoveryStep {
    if (exchange !== this.#exchange) {
      this.#exchange = exchange;
      this.#nudged = false;
      this.#askedAgain = false;
    }
    if (this.#options.canNudge && !this.#nudged && HANGS.has(stall)) {
      this.#nudged = true;
      return 'nudge';
    }
    if (stall === 'unfinished_turn') return 'complete_turn';
    if (this.#askedAgain) return 'fail';
    this.#askedAgain = true;
    return 'ask_again';
  }
}
