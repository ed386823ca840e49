import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { loopbackServer } from './loopback-server.ts';
import type { Place } from './profile.ts';

/** Faults of a network that knows little or nothing of HTTP. They apply to both directions unless stated otherwise. */
export interface Chaos {
  /** Delay of all data, in ms, plus up to `jitterMs`. The order on each connection is kept, as TCP keeps it. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** Whether only data sent up is delayed, so that connections overtake each other and nothing else changes. */
  readonly upOnly?: boolean;
  /** Maximum lifetime of a connection, in ms. */
  readonly lifetimeMs?: number;
  /** Average time after which connections are cut at random, in ms. */
  readonly cutAboutMs?: number;
  /** Approximate time after which a connection passes nothing more without notice, in ms. */
  readonly stallAboutMs?: number;
  /** Approximate time after which the server, but not the client, sees the end of the connection, in ms. */
  readonly halfOpenAboutMs?: number;
  /** Whether each piece of an event stream arrives only with the next one. */
  readonly holdsOneEvent?: boolean;
  /** Whether WebSockets are answered with 403. */
  readonly refusesWebSocket?: boolean;
  /** Bandwidth of all connections together in each direction, in bytes per second. */
  readonly bytesPerSecond?: number;
}

/** Maximum number of bytes in transit. At the limit the sender has to wait. */
const MOST_WAITING = 64 * 1024;
/** Queue of a narrow connection, in bytes: a second and a half, as in access networks. */
const NARROW_QUEUE_BYTES = 12 * 1024;
/** Size of the pieces on a narrow connection, in bytes: an Ethernet frame. */
const PIECE_BYTES = 1_460;
const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** Starts a TCP proxy with the faults of `chaos`. @param random returns a number from 0 to below 1 */
export async function startChaosProxy({ port, stack }: Place, chaos: Chaos, random: () => number): Promise<string> {
  const { track, listen } = loopbackServer(stack);
  const links = { up: createLink(chaos.bytesPerSecond), down: createLink(chaos.bytesPerSecond) };
  const about = (ms: number) => ms * (0.5 + random());
  const server = createServer((incoming) => {
    const client = track(incoming);
    const origin = track(connect(port, '127.0.0.1'));
    const fate = { stalled: false };
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number | undefined, action: () => void) => {
      if (ms !== undefined) timers.push(setTimeout(action, ms));
    };
    const cut = () => {
      client.destroy();
      origin.destroy();
    };
    after(chaos.lifetimeMs, cut);
    after(chaos.cutAboutMs && about(chaos.cutAboutMs), cut);
    after(chaos.stallAboutMs && about(chaos.stallAboutMs), () => {
      fate.stalled = true;
    });
    after(chaos.halfOpenAboutMs && about(chaos.halfOpenAboutMs), () => {
      fate.stalled = true;
      origin.destroy();
    });
    client.on('close', () => {
      for (const timer of timers) clearTimeout(timer);
      origin.destroy();
    });
    // Destroy the peer only after an error. After a normal end its last data is still in transit.
    origin.on('close', (broke) => {
      if (broke && !fate.stalled) client.destroy();
    });
    const late = (isUp: boolean) =>
      chaos.upOnly && !isUp ? 0 : (chaos.delayMs ?? 0) + random() * (chaos.jitterMs ?? 0);
    carry(client, origin, links.up, fate, () => late(true), {
      refuse: chaos.refusesWebSocket ? (first) => /^GET [^\r]*\r\n[\s\S]*upgrade: websocket/i.test(first) : undefined,
    });
    carry(origin, client, links.down, fate, () => late(false), { holdsOneEvent: chaos.holdsOneEvent });
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

interface Treatment {
  /** Returns whether a request is refused because of its first bytes. */
  readonly refuse?: ((head: string) => boolean) | undefined;
  readonly holdsOneEvent?: boolean | undefined;
}

/** Forwards one direction, piece by piece and in order. */
function carry(
  from: Socket,
  to: Socket,
  link: Link,
  fate: { readonly stalled: boolean },
  lateMs: () => number,
  { refuse, holdsOneEvent = false }: Treatment,
): void {
  const queue: { readonly chunk: Buffer; readonly dueAt: number }[] = [];
  let waiting = 0;
  let carrying = false;
  let isEvents = false;
  /** Piece of the event stream that waits for the next one. */
  let heldBack: Buffer | undefined;
  const most = link.isNarrow ? NARROW_QUEUE_BYTES : MOST_WAITING;
  const pump = async () => {
    if (carrying) return;
    carrying = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      const waitMs = next.dueAt - performance.now();
      if (waitMs > 0) await delay(waitMs);
      for (let at = 0; at < next.chunk.length; at += PIECE_BYTES) {
        const piece = link.isNarrow ? next.chunk.subarray(at, at + PIECE_BYTES) : next.chunk;
        await link.pass(piece.length);
        if (!fate.stalled && !to.destroyed && !to.write(piece)) await room(to);
        if (!link.isNarrow) break;
      }
      waiting -= next.chunk.length;
      if (waiting < most && from.isPaused()) from.resume();
    }
    carrying = false;
    if (from.readableEnded && !fate.stalled) to.end();
  };
  from.on('data', (chunk: Buffer) => {
    if (fate.stalled) return;
    if (refuse?.(chunk.toString('latin1'))) {
      from.end(REFUSAL);
      return;
    }
    let passed: Buffer | undefined = chunk;
    if (holdsOneEvent) {
      isEvents ||= /^HTTP\/1\.1 200 [\s\S]*content-type: text\/event-stream/i.test(chunk.toString('latin1'));
      if (isEvents) {
        passed = heldBack;
        heldBack = chunk;
      }
    }
    if (!passed) return;
    queue.push({ chunk: passed, dueAt: performance.now() + lateMs() });
    waiting += passed.length;
    if (waiting >= most) from.pause();
    void pump();
  });
  from.on('end', () => {
    // Send the last piece, because no other follows.
    if (heldBack) queue.push({ chunk: heldBack, dueAt: performance.now() + lateMs() });
    heldBack = undefined;
    void pump();
  });
}

interface Link {
  readonly isNarrow: boolean;
  /** Waits until this number of bytes has passed. */
  pass(bytes: number): Promise<unknown> | undefined;
}

/** Creates a link that all connections share. */
function createLink(bytesPerSecond: number | undefined): Link {
  let freeAt = 0;
  return {
    isNarrow: bytesPerSecond !== undefined,
    pass(bytes) {
      if (bytesPerSecond === undefined) return undefined;
      const now = performance.now();
      freeAt = Math.max(freeAt, now) + (bytes / bytesPerSecond) * 1_000;
      return delay(freeAt - now);
    },
  };
}

function room(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.once('drain', done);
    socket.once('close', done);
  });
}
