import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { loopbackServer } from './loopback-server.ts';
import type { Place } from './profile.ts';

/** What a network does that knows nothing of HTTP, or next to nothing. All of it holds for both directions unless it says otherwise. */
export interface Chaos {
  /** Everything comes so much later, ms, and up to `jitterMs` more: in order on each connection, as TCP keeps it. */
  readonly delayMs?: number;
  readonly jitterMs?: number;
  /** Only what goes up is late: one connection overtakes another, and nothing else changes. */
  readonly upOnly?: boolean;
  /** Connections live no longer, ms. */
  readonly lifetimeMs?: number;
  /** They are cut at random, after so many ms on average. */
  readonly cutAboutMs?: number;
  /** After about so many ms nothing passes any more, and nobody is told. */
  readonly stallAboutMs?: number;
  /** After about so many ms the server is told that the connection is over, and the client is not. */
  readonly halfOpenAboutMs?: number;
  /** Each piece of an event stream comes with the one after it. */
  readonly holdsOneEvent?: boolean;
  /** WebSockets are answered 403. */
  readonly refusesWebSocket?: boolean;
  /** Of all connections together, each way. */
  readonly bytesPerSecond?: number;
}

/** What waits on its way from one end to the other, bytes: beyond it the sender has to wait. */
const MOST_WAITING = 64 * 1024;
/** What a narrow line's own queue holds: as an access line, a second and a half. */
const NARROW_QUEUE_BYTES = 12 * 1024;
/** A narrow line takes pieces of an Ethernet frame. */
const PIECE_BYTES = 1_460;
const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** A TCP proxy that behaves as `chaos` says. @param random 0 to below 1 */
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
    // Only if it broke: what came before its end is still on its way.
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
  /** Whether what a request begins with is refused. */
  readonly refuse?: ((head: string) => boolean) | undefined;
  readonly holdsOneEvent?: boolean | undefined;
}

/** Carries one direction, piece by piece and in order. */
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
  /** The piece of an event stream that waits for the next one. */
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
    // There is no next one to wait for.
    if (heldBack) queue.push({ chunk: heldBack, dueAt: performance.now() + lateMs() });
    heldBack = undefined;
    void pump();
  });
}

interface Link {
  readonly isNarrow: boolean;
  /** Waits until so many bytes are through. */
  pass(bytes: number): Promise<unknown> | undefined;
}

/** One line that all connections share. */
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
