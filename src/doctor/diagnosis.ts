import type { Ladder } from '../client/ladder.ts';
import { rotateAfter } from '../client/lifetime.ts';
import { chooseAdvice } from './advice.ts';
import { type Examination, simulateLadder } from './examination.ts';
import { listProblems } from './list-problems.ts';
import type { Problem } from './problem.ts';
import { findProducts, type Product } from './product.ts';
import { formatDuration } from './quantity.ts';

/** Result of an examination, in sentences. */
export interface Diagnosis {
  /** Behaviour of the network, one entry a problem. */
  readonly findings: readonly string[];
  /** Consequences in the same order, and a last entry about the SDK. */
  readonly consequences: readonly string[];
  /** Settings that solve the problems. */
  readonly settings: readonly string[];
  /** Whether a conversation suffers even with the SDK. */
  readonly hurts: boolean;
}

const OPTIONAL = 'No change is required, because the SDK works around these problems. To remove them nevertheless:';

export function diagnose(examination: Examination): Diagnosis {
  const problems = listProblems(examination);
  const products = findProducts(examination.reached.headers);
  const ladder = simulateLadder(examination);
  const hurts = problems.some((problem) => problem.hurts);
  return {
    findings: problems.length === 0 ? ['No problem was found.'] : problems.map(({ finding }) => finding),
    consequences: [
      ...problems.map(({ consequence }) => consequence),
      describeSdk(ladder, examination, problems.length === 0),
    ],
    settings: listSettings(problems, products, hurts),
    hurts,
  };
}

function listSettings(problems: readonly Problem[], products: readonly Product[], hurts: boolean): string[] {
  const topics = new Set(problems.flatMap(({ topic }) => topic ?? []));
  if (topics.size === 0) return ['Nothing.'];
  return [...(hurts ? [] : [OPTIONAL]), ...[...topics].flatMap((topic) => chooseAdvice(topic, products))];
}

/** Describes how the SDK gets through this network. */
function describeSdk(ladder: Ladder, { post }: Examination, isClean: boolean): string {
  const canSend = post.small.kind === 'through' || ladder.rung === 'ws';
  const rotateMs = rotateAfter(ladder.lifetime);
  const rotation =
    rotateMs === undefined
      ? ''
      : ` The SDK opens a new connection every ${formatDuration(rotateMs)}, before the network ends the old one.`;
  const way = `The SDK, which the page uses too, ${WAYS[ladder.rung]}.${rotation}`;
  if (!canSend) return `${way} The SDK repeats its POSTs until they are answered, but here they are never answered.`;
  return isClean ? `${way} A plain EventSource and curl get through as well.` : way;
}

const WAYS: Readonly<Record<Ladder['rung'], string>> = {
  ws: 'starts with an event stream and moves to a WebSocket, for both directions, within some seconds',
  stream: 'receives by an event stream and sends by POSTs',
  pusher: 'receives by an event stream with padding, which pushes each event through, and sends by POSTs',
  close: 'receives by an event stream without chunks, which is not delayed, and sends by POSTs',
  poll: 'receives by long polls and sends by POSTs',
};
