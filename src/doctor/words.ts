import type { Ladder } from '../client/ladder.ts';
import { rotateAfter } from '../client/lifetime.ts';
import { adviceOn } from './advice.ts';
import type { Complaint } from './complaint.ts';
import { complaintsOf } from './complaints.ts';
import { type Examination, ladderAfter } from './examination.ts';
import { productsIn } from './product.ts';
import { time } from './quantity.ts';

/** What was found, in sentences. */
export interface Words {
  /** What the network does: each a sentence. */
  readonly does: readonly string[];
  readonly means: readonly string[];
  /** What can be set, and where. */
  readonly set: readonly string[];
  /** Whether any of it costs a conversation something, even with the SDK. */
  readonly hurts: boolean;
}

const NEVERTHELESS = 'Nothing has to be set: the SDK gets around it. To have it better all the same:';

export function putIntoWords(examination: Examination): Words {
  const complaints = complaintsOf(examination);
  const products = productsIn(examination.reached.headers);
  const ladder = ladderAfter(examination);
  const hurts = complaints.some((complaint) => complaint.hurts);
  return {
    does:
      complaints.length === 0
        ? ['Nothing that a conversation would notice.']
        : complaints.map(({ does }) => `It ${does}.`),
    means: [...complaints.map(({ means }) => means), saySdk(ladder, examination, complaints)],
    set: adviceFor(complaints, products, hurts),
    hurts,
  };
}

function adviceFor(
  complaints: readonly Complaint[],
  products: ReturnType<typeof productsIn>,
  hurts: boolean,
): string[] {
  const topics = new Set(complaints.flatMap(({ topic }) => topic ?? []));
  if (topics.size === 0) return ['Nothing.'];
  return [...(hurts ? [] : [NEVERTHELESS]), ...[...topics].flatMap((topic) => adviceOn(topic, products))];
}

/** What the SDK does about it by itself. */
function saySdk(ladder: Ladder, { post }: Examination, complaints: readonly Complaint[]): string {
  const speaks = post.small.kind === 'through' || ladder.rung === 'ws';
  const rotateMs = rotateAfter(ladder.lifetime);
  const rotates =
    rotateMs === undefined ? '' : `, and opens the next one every ${time(rotateMs)}, before the network ends the last`;
  const way = `The SDK (the page has it, too) ${WAYS[ladder.rung]}${rotates}.`;
  if (!speaks) return `${way} It sends its POSTs until they are answered, which here is never.`;
  return complaints.length === 0 ? `${way} A plain EventSource and curl get through as well.` : way;
}

const WAYS: Readonly<Record<Ladder['rung'], string>> = {
  ws: 'begins with a stream and moves to a WebSocket, for both directions, within some seconds',
  stream: 'reads an event stream, and sends POSTs',
  pusher: 'reads an event stream with padding, which pushes each event through, and sends POSTs',
  close: 'reads an event stream without chunks, which is not delayed, and sends POSTs',
  poll: 'asks by long polls, and sends POSTs',
};
