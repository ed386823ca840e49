import type { Examination } from './examination.ts';
import type { LifetimeFinding } from './lifetime.ts';
import type { Carried } from './post.ts';
import { traces } from './product.ts';
import { list, size, time } from './quantity.ts';

/** What one probe has found, with its figures. */
export const LINES: {
  readonly [Probe in keyof Examination]: {
    readonly name: string;
    say(finding: NonNullable<Examination[Probe]>): string;
  };
} = {
  reached: {
    name: 'server',
    say: ({ server, roundTripMs, headers, model }) =>
      list([
        `${server}, answers in ${time(roundTripMs)}`,
        ...(model === 'failed' ? ['its model does not answer, which is not the network’s doing'] : []),
      ]) +
      traces(headers)
        .map((trace) => `; ${trace}`)
        .join(''),
  },
  stream: {
    name: 'stream',
    say(stream) {
      switch (stream.kind) {
        case 'good':
          return `first event after ${time(stream.sessionMs)}, the next, written 250 ms later, after ${time(stream.beatMs)}`;
        case 'late':
          return `first event ${time(stream.extraMs)} later than an answer that is no stream`;
        case 'held':
          return `events wait for the next one (first after ${stream.sessionMs === undefined ? '–' : time(stream.sessionMs)}, second ${stream.beatMs === undefined ? 'not in time' : `after ${time(stream.beatMs)}`})`;
        case 'buffered':
          return `nothing${stream.headMs === undefined ? ', not even a head,' : ' but a head'} in ${time(stream.waitedMs)}`;
        case 'unopened':
          return `does not open${stream.status === undefined ? '' : ` (status ${stream.status})`}`;
      }
    },
  },
  framing: {
    name: '',
    say: ({ framing, helps, sessionMs }) =>
      `${framing === 'pusher' ? 'with padding' : 'without chunks'}: ${helps && sessionMs !== undefined ? `in time (${time(sessionMs)})` : 'no better'}`,
  },
  post: {
    name: 'POST',
    say: ({ small, audio, bodies }) =>
      list([
        `100 bytes ${sayCarried(small)}`,
        ...(audio ? [`audio ${sayCarried(audio)}`] : []),
        ...bodies.map(({ bytes, carried }) => `${size(bytes)} ${sayCarried(carried)}`),
      ]),
  },
  order: {
    name: '',
    say({ rounds, overtaken, lost }) {
      if (lost) return `four at once: not all are answered (in round ${rounds + 1})`;
      return `four at once come in order${overtaken === 0 ? '' : ` in ${rounds - overtaken} of ${rounds} rounds`}`;
    },
  },
  socket: {
    name: 'WebSocket',
    say(socket) {
      switch (socket.kind) {
        case 'good':
          return `first event after ${time(socket.sessionMs)}, answers in ${time(socket.postMs)}`;
        case 'refused':
          return `refused after ${time(socket.afterMs)}`;
        case 'mute':
          return `nothing in ${time(socket.afterMs)}`;
        case 'held':
          return 'events wait for the next one';
        case 'deaf':
          return `opens, but what is sent gets no answer in ${time(socket.afterMs)}`;
        case 'absent':
          return 'not examined: this Node has none';
      }
    },
  },
  hold: {
    name: 'long poll',
    say(hold) {
      if (hold.kind === 'busy') return 'answered at once, each time';
      if (hold.kind === 'unanswered') return `without an answer after ${time(hold.afterMs)}`;
      return hold.kind === 'held'
        ? `held for ${time(hold.heldMs)}, then answered`
        : `given up after ${time(hold.heldMs)}${hold.status === undefined ? '' : ` (status ${hold.status})`}`;
    },
  },
  lifetimes: {
    name: 'lifetime',
    say: (lifetimes) => (lifetimes.length === 0 ? 'nothing to watch' : lifetimes.map(sayLifetime).join('; ')),
  },
};

function sayLifetime({ rung, lives, watchedMs, drained }: LifetimeFinding): string {
  const what = rung === 'ws' ? 'WebSocket' : 'stream';
  if (drained) return `${what} ended: the server shuts down`;
  if (lives.length === 0) return `${what} alive after ${time(watchedMs)}`;
  const all = lives.slice(0, 6).map(({ ms, silent }) => `${silent ? 'silent' : 'ended'} after ${time(ms)}`);
  return `${what} ${list(all)}${lives.length > 6 ? ' …' : ''}`;
}

function sayCarried(carried: Carried): string {
  switch (carried.kind) {
    case 'through':
      return `in ${time(carried.ms)}`;
    case 'barred':
      return `refused (status ${carried.status})`;
    case 'astray':
      return 'answered by another server';
    case 'lost':
      return carried.status === undefined
        ? `without an answer after ${time(carried.ms)}`
        : `answered with ${carried.status} after ${time(carried.ms)}`;
  }
}
