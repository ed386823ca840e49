import type { Examination } from './examination.ts';
import type { Problem } from './problem.ts';
import { formatDuration, formatStatus, joinWords } from './quantity.ts';
import type { StreamFinding } from './stream.ts';

/** Consequence for clients without a fallback. */
const NO_PLAIN_CLIENT = 'A plain EventSource and curl receive nothing here.';

/** Lists the problems of event streams. */
export function listStreamProblems({ stream, framing, socket }: Examination): Problem[] {
  const hasSocket = socket.kind === 'good';
  const isSolved = framing?.helps === true || hasSocket;
  switch (stream.kind) {
    case 'good':
      return [];
    case 'late':
      return [
        {
          topic: 'delay',
          finding: `Each piece of a stream is delayed by about ${formatDuration(stream.extraMs)}.`,
          consequence: `${isSolved ? 'Without the SDK every' : 'Every'} answer starts that much later, and so does the silence after an interruption.`,
          hurts: !isSolved,
        },
      ];
    case 'held':
      return [
        {
          topic: 'buffering',
          finding: `An event arrives only with the next event (measured: ${describeArrival(stream)}).`,
          consequence: `${isSolved ? 'Without the SDK the' : 'The'} last event of each answer arrives only with the next heartbeat, up to 10 s late.`,
          hurts: !isSolved,
        },
      ];
    case 'buffered':
      return [
        {
          topic: 'buffering',
          finding: `Event streams are buffered (nothing arrived in ${formatDuration(stream.waitedMs)}; a poll was answered in ${formatDuration(stream.pollMs)}).`,
          consequence: hasSocket
            ? NO_PLAIN_CLIENT
            : `${NO_PLAIN_CLIENT} Long polls get through. Each piece of an answer costs a request, so speech needs a fast connection.`,
          hurts: !hasSocket,
        },
      ];
    case 'unopened':
      return [
        {
          topic: 'buffering',
          finding: `Event streams do not get through${formatStatus(stream.status)}.`,
          consequence: NO_PLAIN_CLIENT,
          hurts: !hasSocket,
        },
      ];
  }
}

/** Lists the headers that are changed on the way, in requests and in streams. */
export function listHeaderProblems({ reached, stream }: Examination): Problem[] {
  const problems: Problem[] = [];
  if (stream.encoding !== undefined)
    problems.push({
      topic: 'compression',
      finding: `Event streams are compressed (${stream.encoding}).`,
      consequence:
        stream.kind === 'good'
          ? 'This compression does no harm: each event is passed on at once.'
          : 'Compressors collect data until a block is full. This may be the only cause.',
      hurts: false,
    });
  if (!reached.host)
    problems.push({
      topic: 'host',
      finding: 'The Host header of requests is replaced.',
      consequence:
        'The server takes a page from this address for a foreign one and refuses its requests (origin_not_allowed), unless the browser sends Sec-Fetch-Site, as browsers do on https and localhost.',
      hurts: true,
    });
  if (!reached.lastEventId)
    problems.push({
      topic: 'headers',
      finding: 'The Last-Event-ID header is removed from requests.',
      consequence:
        'A plain EventSource that reconnects misses the events in between. The SDK sends its position in the query and misses nothing.',
      hurts: false,
    });
  if (stream.changed.length > 0)
    problems.push({
      topic: 'headers',
      finding: `Headers of the stream are changed (${joinWords(stream.changed)}).`,
      consequence: 'Another program on the way may therefore store, compress or hold back the stream.',
      hurts: false,
    });
  return problems;
}

function describeArrival({ sessionMs, beatMs }: StreamFinding & { kind: 'held' }): string {
  if (sessionMs === undefined) return 'the first had not arrived when the second was written';
  const first = `the first after ${formatDuration(sessionMs)}`;
  if (beatMs === undefined) return `${first}; the second, due at 250 ms, did not arrive before the third`;
  return `the first two together after ${formatDuration(sessionMs)}`;
}
