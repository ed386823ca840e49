import type { Examination } from './examination.ts';
import { listLifetimeProblems } from './lifetime-problems.ts';
import { listPostProblems, listWidthProblems } from './post-problems.ts';
import type { Problem } from './problem.ts';
import { formatDuration, formatStatus } from './quantity.ts';
import type { SocketFinding } from './socket.ts';
import { listHeaderProblems, listStreamProblems } from './stream-problems.ts';

/** Lists all differences from a direct connection. Those that hurt a conversation come first. */
export function listProblems(examination: Examination): Problem[] {
  const { post, socket } = examination;
  const problems = [
    ...listPostProblems(post, socket.kind === 'good'),
    ...listStreamProblems(examination),
    ...listLifetimeProblems(examination),
    ...listWidthProblems(post),
    ...listSocketProblems(socket),
    ...listHoldProblems(examination),
    ...listHeaderProblems(examination),
    ...listOrderProblems(examination),
  ];
  return problems.sort((one, other) => Number(other.hurts) - Number(one.hurts));
}

function listSocketProblems(socket: SocketFinding): Problem[] {
  const consequence =
    'Without a WebSocket every message of the user is a separate request: a little more delay and traffic, but no loss.';
  const report = (finding: string): Problem[] => [{ topic: 'socket', finding, consequence, hurts: false }];
  switch (socket.kind) {
    case 'good':
    case 'absent':
      return [];
    case 'refused':
      return report('WebSocket connections are refused.');
    case 'mute':
      return report(`WebSocket connections deliver nothing (no data in ${formatDuration(socket.afterMs)}).`);
    case 'held':
      return report('A message on a WebSocket arrives only with the next message.');
    case 'deaf':
      return report('A WebSocket opens, but messages from the client do not get through.');
  }
}

function listHoldProblems({ hold, stream, socket }: Examination): Problem[] {
  if (hold.kind !== 'cut') return [];
  return [
    {
      topic: 'lifetime',
      finding: `A request that waits for its response is ended after ${formatDuration(hold.heldMs)}${formatStatus(hold.status)}.`,
      consequence: 'Long polls have to be shorter than that. The SDK shortens them by itself.',
      hurts: stream.kind === 'buffered' && socket.kind !== 'good',
    },
  ];
}

function listOrderProblems({ order }: Examination): Problem[] {
  // Ignore up to half of the rounds: POSTs overtake each other now and then on a single machine, too.
  if (!order || order.overtaken * 2 <= order.rounds) return [];
  return [
    {
      topic: undefined,
      finding: `POSTs that are sent at the same time overtake each other (in ${order.overtaken} of ${order.rounds} rounds of 4).`,
      consequence:
        'This does no harm to the SDK, which numbers its POSTs so that the server can restore their order. POSTs without numbers may arrive in the wrong order.',
      hurts: false,
    },
  ];
}
