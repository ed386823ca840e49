import { isUnanswered, sendOnce } from './post.ts';
import type { Reached } from './reach.ts';
import type { Target } from './target.ts';

/** Order in which POSTs arrive that are sent at the same time. */
export interface OrderFinding {
  readonly rounds: number;
  /** Number of rounds in which a POST overtook another. */
  readonly overtaken: number;
  /** Whether a POST was never answered. Later rounds are skipped then. */
  readonly lost: boolean;
}

const ROUNDS = 5;
/** Number of POSTs that the SDK sends at the same time. */
const PARALLEL = 4;

/** Sends numbered POSTs without items. Each response tells whether an earlier POST is still missing. */
export async function examineOrder(target: Target, reached: Reached): Promise<OrderFinding> {
  const client = 'doctor-order';
  let overtaken = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const numbers = Array.from({ length: PARALLEL }, (_, index) => round * PARALLEL + index + 1);
    const results = await Promise.all(numbers.map((cseq) => sendOnce(target, reached, client, cseq, [])));
    const lost = numbers.filter((_, index) => results[index]?.kind !== 'through');
    if (lost.length === 0) {
      if (results.some(({ outcome }) => outcome.kind === 'accepted' && outcome.held)) overtaken += 1;
      continue;
    }
    if (results.some(isUnanswered)) return { rounds: round, overtaken, lost: true };
    // Repeat the lost POSTs, as the SDK does. The server held the later ones, so this round says nothing about their order.
    const again = await Promise.all(lost.map((cseq) => sendOnce(target, reached, client, cseq, [])));
    if (again.some(({ kind }) => kind !== 'through')) {
      return { rounds: round, overtaken, lost: again.some(isUnanswered) };
    }
  }
  return { rounds: ROUNDS, overtaken, lost: false };
}
