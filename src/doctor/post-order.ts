import { carry, isUnanswered } from './post.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** Whether POSTs that are sent at once come in the order in which they were sent. */
export interface OrderFinding {
  readonly rounds: number;
  /** Rounds in which one overtook another. */
  readonly overtaken: number;
  /** One was never answered: the rounds after it were not made. */
  readonly lost: boolean;
}

const ROUNDS = 5;
/** As many as the SDK sends at once where they travel side by side. */
const PARALLEL = 4;

/** Sends POSTs without items, numbered: the server says of each whether one before it is still missing. */
export async function examineOrder(target: Target, reached: Reached): Promise<OrderFinding> {
  const client = 'doctor-order';
  let overtaken = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const numbers = Array.from({ length: PARALLEL }, (_, index) => round * PARALLEL + index + 1);
    const carried = await Promise.all(numbers.map((cseq) => carry(target, reached, client, cseq, [])));
    const lost = numbers.filter((_, index) => carried[index]?.kind !== 'through');
    if (lost.length === 0) {
      if (carried.some(({ outcome }) => outcome.kind === 'taken' && outcome.held)) overtaken += 1;
      continue;
    }
    if (carried.some(isUnanswered)) return { rounds: round, overtaken, lost: true };
    // Cut on its way, as the SDK would send it again. Those after it were held, whatever their order.
    const again = await Promise.all(lost.map((cseq) => carry(target, reached, client, cseq, [])));
    if (again.some(({ kind }) => kind !== 'through')) {
      return { rounds: round, overtaken, lost: again.some(isUnanswered) };
    }
  }
  return { rounds: ROUNDS, overtaken, lost: false };
}
