import type { ModelEvent } from '../../models/realtime-model.ts';
import type { UpstreamStatus } from '../../wire/agent-event.ts';
import type { TurnView } from './turn-state.ts';

/** Reports whether a model works in the background: it completes turns before it is done, and only the end of the exchange ends its work. */
export class BackgroundWork {
  readonly #turn: TurnView;
  readonly #report: (status: UpstreamStatus) => void;
  #isWorking = false;

  constructor(turn: TurnView, report: (status: UpstreamStatus) => void) {
    this.#turn = turn;
    this.#report = report;
  }

  /**
   * Follows an event that the turn has applied. Call it before the end of a turn is reported, so that whoever waits for that end knows at once that
   * the model works on.
   */
  onModelEvent(event: ModelEvent): void {
    const { state, previous } = this.#turn;
    if (state.exchanges === 'single') return;
    const works =
      event.type === 'turn_complete' ? state.phase !== 'idle' && event.endsExchange !== true : this.#isWorking;
    // The end of the exchange is reported after that of its last turn.
    if (event.type === 'turn_complete' && !works) return;
    this.#set(works && state.exchange === previous.exchange);
  }

  #set(isWorking: boolean): void {
    if (isWorking === this.#isWorking) return;
    this.#isWorking = isWorking;
    this.#report({ upstream: isWorking ? 'working' : 'ready' });
  }
}
