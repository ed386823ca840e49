import type { ModelEvent } from '../../models/realtime-model.ts';
import type { TurnView } from './turn-state.ts';

/**
 * Ends the turn, and with it the exchange, in place of the model.
 * @param apply applies an event in place of one that the model did not send
 * @param end end of the turn. Default: the turn ended as usual
 */
export function completeExchange(
  turn: TurnView,
  apply: (event: ModelEvent) => void,
  end: Extract<ModelEvent, { type: 'turn_complete' }> = { type: 'turn_complete' },
): void {
  apply(end);
  if (turn.state.exchanges === 'background') apply({ type: 'exchange_complete' });
}
