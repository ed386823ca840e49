import type { Turn } from './turn.ts';

/** Content of a conversation that the page shows. */
export interface Transcript {
  readonly turns: readonly Turn[];
  readonly nextId: number;
  /** Whether the server has earlier turns that are not shown. */
  readonly truncated: boolean;
  /** Whether the user waits for an answer of which no part has arrived. */
  readonly awaiting: boolean;
  /** Whether the latest answer was interrupted and its turn_complete is still to come. */
  readonly interrupted: boolean;
  /** Whether the user has interrupted the answer. The rest of it is dropped until the server reports its end. */
  readonly discarding: boolean;
  /** What the model has understood so far of the speech that goes on; '' if there is nothing. Not a turn yet. */
  readonly interim: string;
}

export const EMPTY_TRANSCRIPT: Transcript = {
  turns: [],
  nextId: 1,
  truncated: false,
  awaiting: false,
  interrupted: false,
  discarding: false,
  interim: '',
};
