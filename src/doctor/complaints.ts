import { MISSED_HEARTBEATS } from '../client/line.ts';
import type { Complaint } from './complaint.ts';
import type { Examination } from './examination.ts';
import type { HoldFinding } from './hold.ts';
import type { LifetimeFinding } from './lifetime.ts';
import { complaintOfWidth, complaintsOfPosts } from './post-complaint.ts';
import type { OrderFinding } from './post-order.ts';
import { list, time, withStatus } from './quantity.ts';
import type { Reached } from './reach.ts';
import type { SocketFinding } from './socket.ts';
import type { StreamFinding } from './stream.ts';

/** All that was found which is not as it is without a network, the worst first. */
export function complaintsOf({
  reached,
  stream,
  framing,
  post,
  order,
  socket,
  lifetimes,
  hold,
}: Examination): Complaint[] {
  const overSocket = socket.kind === 'good';
  const complaints: (Complaint | undefined)[] = [
    ...complaintsOfPosts(post, overSocket),
    ofStream(stream, framing?.helps ? framing.framing : undefined, overSocket),
    ofSilence(lifetimes, hold, order, reached),
    ...ofLifetimes(lifetimes, reached),
    complaintOfWidth(post),
    stream.encoding === undefined
      ? undefined
      : {
          topic: 'compression',
          does: `compresses the event stream (${stream.encoding})`,
          means:
            stream.kind === 'good'
              ? 'The compression does no harm as it is: each event is passed on at once.'
              : 'Compressors collect events until a block is full: that may be all that is wrong.',
          hurts: false,
        },
    ofSocket(socket),
    hold.kind === 'cut'
      ? {
          topic: 'lifetime',
          does: `gives up a request that waits for its answer, after ${time(hold.heldMs)}${withStatus(hold.status)}`,
          means: 'Long polls are to be shorter; the SDK makes them so.',
          hurts: stream.kind === 'buffered' && !overSocket,
        }
      : undefined,
    reached.host
      ? undefined
      : {
          topic: 'host',
          does: 'puts another name into the Host header of requests',
          means:
            'A page that comes from this address is taken for a foreign one: what it sends is refused (origin_not_allowed), unless its browser sends Sec-Fetch-Site, as browsers do on https and localhost.',
          hurts: true,
        },
    reached.lastEventId
      ? undefined
      : {
          topic: 'headers',
          does: 'takes the Last-Event-ID header out of requests',
          means:
            'A plain EventSource that comes back after a cut misses what was said in between; the SDK says its place in the query, and does not.',
          hurts: false,
        },
    stream.changed.length > 0
      ? {
          topic: 'headers',
          does: `changes headers of the stream (${list(stream.changed)})`,
          means: 'Something else on the way may then store, compress or hold it.',
          hurts: false,
        }
      : undefined,
    // Once or twice they do on one machine, too.
    order && order.overtaken * 2 > order.rounds
      ? {
          topic: undefined,
          does: `lets POSTs that are sent at once overtake each other (in ${order.overtaken} of ${order.rounds} rounds of 4)`,
          means:
            'That does no harm: POSTs of the SDK are numbered, and the server puts them in order. POSTs without numbers may get mixed up.',
          hurts: false,
        }
      : undefined,
  ];
  return complaints
    .filter((complaint) => complaint !== undefined)
    .sort((one, other) => Number(other.hurts) - Number(one.hurts));
}

function ofStream(
  stream: StreamFinding,
  helps: 'pusher' | 'close' | undefined,
  overSocket: boolean,
): Complaint | undefined {
  switch (stream.kind) {
    case 'good':
      return undefined;
    case 'late':
      return {
        topic: 'delay',
        does: `adds about ${time(stream.extraMs)} to each piece of a stream`,
        means:
          helps || overSocket
            ? 'Without the SDK each answer begins that much later, and so does the silence after an interruption.'
            : 'Each answer begins that much later, and so does the silence after an interruption.',
        hurts: !helps && !overSocket,
      };
    case 'held':
      return {
        topic: 'buffering',
        does: `holds an event back until the next one comes (seen: ${seenOf(stream)})`,
        means: `${helps || overSocket ? 'Without the SDK the' : 'The'} last event of each answer comes only with the next heartbeat, up to 10 s late.`,
        hurts: !helps && !overSocket,
      };
    case 'buffered':
      return {
        topic: 'buffering',
        does: `keeps the answer of a stream to itself (nothing of it in ${time(stream.waitedMs)}; a poll was answered in ${time(stream.pollMs)})`,
        means: overSocket
          ? 'A plain EventSource, and curl, hear nothing here.'
          : 'A plain EventSource, and curl, hear nothing here. Long polls get through: each piece of an answer costs a request, so speech needs a quick line.',
        hurts: !overSocket,
      };
    case 'unopened':
      return {
        topic: 'buffering',
        does: `does not let the stream through${withStatus(stream.status)}`,
        means: 'A plain EventSource, and curl, hear nothing here.',
        hurts: !overSocket,
      };
  }
}

function seenOf({ sessionMs, beatMs }: StreamFinding & { kind: 'held' }): string {
  if (sessionMs === undefined) return 'the first had not come when the second was written';
  const first = `the first after ${time(sessionMs)}`;
  if (beatMs === undefined) return `${first}, the second, due at 250 ms, not at all until the third`;
  return `${first}, together with the one after it`;
}

function ofSilence(
  lifetimes: readonly LifetimeFinding[],
  hold: HoldFinding,
  order: OrderFinding | undefined,
  { heartbeatMs }: Reached,
): Complaint | undefined {
  const silent = lifetimes.flatMap(({ lives }) => lives).filter((life) => life.silent).length;
  const seen = [
    ...(silent > 0 ? [`${silent} of them fell silent`] : []),
    ...(hold.kind === 'unanswered' ? ['a poll was never answered'] : []),
    ...(order?.lost ? ['a POST was never answered'] : []),
  ];
  if (seen.length === 0) return undefined;
  return {
    topic: 'silence',
    does: `loses connections without telling anybody (${list(seen)})`,
    means: `While somebody speaks it takes about 2 s until it is noticed, and up to ${time(MISSED_HEARTBEATS * heartbeatMs)}, when a heartbeat is overdue, in a silence: so long the conversation stands still. Then it goes on, and nothing is lost.`,
    hurts: true,
  };
}

function ofLifetimes(lifetimes: readonly LifetimeFinding[], { heartbeatMs }: Reached): Complaint[] {
  const complaints: Complaint[] = [];
  const ended = lifetimes.flatMap(({ lives }) => lives).filter((life) => !life.silent);
  const caps = lifetimes.flatMap(({ capMs }) => capMs ?? []);
  if (ended.length > 0) {
    const all = ended.map(({ ms }) => ms);
    const capMs = caps.length > 0 ? Math.min(...caps) : sameOf(all);
    const which = list([
      ...new Set(
        lifetimes
          .filter(({ lives }) => lives.some((life) => !life.silent))
          .map(({ rung }) => (rung === 'ws' ? 'WebSockets' : 'streams')),
      ),
    ]);
    complaints.push({
      topic: 'lifetime',
      does:
        capMs === undefined
          ? `ends ${which} (${all.length === 1 ? 'one' : 'some'} after ${list(all.slice(0, 4).map(time))})`
          : `ends ${which} after ${time(capMs)} (seen ${all.length === 1 ? 'once' : `${all.length} times`})${causeOf(capMs, heartbeatMs)}`,
      means: `Nothing is lost, but a client that comes back must say its last id, as the SDK and EventSource do${Math.min(...all) < 10_000 ? '; and it happens so often that the conversation stumbles' : ''}.`,
      hurts: true,
    });
  }
  return complaints;
}

function causeOf(capMs: number, heartbeatMs: number): string {
  if (capMs > 1.2 * heartbeatMs) return ': their age, since heartbeats had kept them busy';
  return `; their age or their silence, which cannot be told apart below the ${time(heartbeatMs)} between heartbeats`;
}

/** Of connections of several kinds, too: the same limit. */
function sameOf(all: readonly number[]): number | undefined {
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return most - least <= Math.max(300, 0.1 * most) ? least : undefined;
}

function ofSocket(socket: SocketFinding): Complaint | undefined {
  const means =
    'Without a WebSocket each thing that is said is a request of its own: a little more delay and traffic, and no loss.';
  const complain = (does: string): Complaint => ({ topic: 'socket', does, means, hurts: false });
  switch (socket.kind) {
    case 'good':
    case 'absent':
      return undefined;
    case 'refused':
      return complain('does not let WebSocket through');
    case 'mute':
      return complain(`lets WebSockets hang (nothing came in ${time(socket.afterMs)})`);
    case 'held':
      return complain('holds back what comes down a WebSocket until more comes');
    case 'deaf':
      return complain('lets nothing up a WebSocket, though it opens');
  }
}
