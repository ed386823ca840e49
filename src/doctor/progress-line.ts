import type { Examination } from './examination.ts';
import type { LifetimeFinding } from './lifetime.ts';
import type { PostResult } from './post.ts';
import { listTraces } from './product.ts';
import { formatDuration, formatSize, formatStatus, joinWords } from './quantity.ts';

/** Maximum number of lifetimes that a line lists. */
const MAX_LIVES = 6;

/** Name and text of the line of each probe. A probe without a name continues the line before it. */
export const LINES: {
  readonly [Probe in keyof Examination]: {
    readonly name: string;
    describe(finding: NonNullable<Examination[Probe]>): string;
  };
} = {
  reached: { name: 'server', describe: describeServer },
  stream: { name: 'stream', describe: describeStream },
  framing: {
    name: '',
    describe: ({ framing, helps, sessionMs }) =>
      `${framing === 'pusher' ? 'with padding' : 'without chunks'}: ${helps && sessionMs !== undefined ? `in time (${formatDuration(sessionMs)})` : 'no better'}`,
  },
  post: {
    name: 'POST',
    describe: ({ small, audio, bodies }) =>
      joinWords([
        `100 bytes ${describePost(small)}`,
        ...(audio ? [`audio ${describePost(audio)}`] : []),
        ...bodies.map(({ bytes, result }) => `${formatSize(bytes)} ${describePost(result)}`),
      ]),
  },
  order: {
    name: '',
    describe({ rounds, overtaken, lost }) {
      if (lost) return `four at once: not all were answered (round ${rounds + 1})`;
      return `four at once arrive in order${overtaken === 0 ? '' : ` in ${rounds - overtaken} of ${rounds} rounds`}`;
    },
  },
  socket: { name: 'WebSocket', describe: describeSocket },
  hold: {
    name: 'long poll',
    describe(hold) {
      if (hold.kind === 'busy') return 'answered at once, every time';
      if (hold.kind === 'unanswered') return `no response after ${formatDuration(hold.afterMs)}`;
      return hold.kind === 'held'
        ? `held for ${formatDuration(hold.heldMs)}, then answered`
        : `ended after ${formatDuration(hold.heldMs)}${formatStatus(hold.status)}`;
    },
  },
  lifetimes: {
    name: 'lifetime',
    describe: (lifetimes) => (lifetimes.length === 0 ? 'nothing to watch' : lifetimes.map(describeLifetime).join('; ')),
  },
};

function describeServer({ server, roundTripMs, headers, model }: Examination['reached']): string {
  return [
    `${server}, response in ${formatDuration(roundTripMs)}`,
    ...(model === 'failed' ? ['its model does not answer, which is not a fault of the network'] : []),
    ...listTraces(headers),
  ].join('; ');
}

function describeStream(stream: Examination['stream']): string {
  switch (stream.kind) {
    case 'good':
      return `first event after ${formatDuration(stream.sessionMs)}; the next, written 250 ms later, after ${formatDuration(stream.beatMs)}`;
    case 'late':
      return `first event ${formatDuration(stream.extraMs)} later than a response without a stream`;
    case 'held': {
      const first = stream.sessionMs === undefined ? 'not in time' : `after ${formatDuration(stream.sessionMs)}`;
      const second = stream.beatMs === undefined ? 'not in time' : `after ${formatDuration(stream.beatMs)}`;
      return `events wait for the next event (first ${first}, second ${second})`;
    }
    case 'buffered':
      return stream.headMs === undefined
        ? `no response headers in ${formatDuration(stream.waitedMs)}`
        : `response headers, but no event, in ${formatDuration(stream.waitedMs)}`;
    case 'unopened':
      return `does not open${formatStatus(stream.status)}`;
  }
}

function describeSocket(socket: Examination['socket']): string {
  switch (socket.kind) {
    case 'good':
      return `first event after ${formatDuration(socket.sessionMs)}; response in ${formatDuration(socket.postMs)}`;
    case 'refused':
      return `refused after ${formatDuration(socket.afterMs)}`;
    case 'mute':
      return `no data in ${formatDuration(socket.afterMs)}`;
    case 'held':
      return 'events wait for the next event';
    case 'deaf':
      return `opens, but messages get no response in ${formatDuration(socket.afterMs)}`;
    case 'absent':
      return 'not tested: this version of Node has no WebSocket';
  }
}

function describeLifetime({ rung, lives, watchedMs, drained }: LifetimeFinding): string {
  const kind = rung === 'ws' ? 'WebSocket' : 'stream';
  if (drained) return `${kind} ended: the server shuts down`;
  if (lives.length === 0) return `${kind} still open after ${formatDuration(watchedMs)}`;
  const ends = lives
    .slice(0, MAX_LIVES)
    .map(({ ms, silent }) => `${silent ? 'silent' : 'ended'} after ${formatDuration(ms)}`);
  return `${kind} ${joinWords(ends)}${lives.length > MAX_LIVES ? ' …' : ''}`;
}

function describePost(result: PostResult): string {
  switch (result.kind) {
    case 'through':
      return `in ${formatDuration(result.ms)}`;
    case 'barred':
      return `refused (status ${result.status})`;
    case 'astray':
      return 'answered by another server';
    case 'lost':
      return result.status === undefined
        ? `without a response after ${formatDuration(result.ms)}`
        : `answered with ${result.status} after ${formatDuration(result.ms)}`;
  }
}
