import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  connectWithin,
  ProviderSocket,
  type SocketClose,
  type UnparsableFrame,
} from '../../src/models/provider-socket.ts';
import { freePort } from '../free-port.ts';
import { closesAfterEach } from './cleanup.ts';
import { until } from './until.ts';

const closing = closesAfterEach();

/** A WebSocket server, with the peers that have connected to it. */
async function startPeers(options: { refuse?: number } = {}) {
  const peers: WebSocket[] = [];
  const requests: IncomingMessage[] = [];
  const server: Server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    requests.push(request);
    if (options.refuse === undefined) sockets.handleUpgrade(request, socket, head, (peer) => peers.push(peer));
    else socket.end(`HTTP/1.1 ${options.refuse} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return closing({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/path`,
    requests,
    peer: () => until(() => peers[0]),
    async close() {
      for (const peer of sockets.clients) peer.terminate();
      sockets.close();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A socket, with everything that its observer was called with. */
class Observed {
  readonly frames: Record<string, unknown>[] = [];
  readonly unparsable: UnparsableFrame[] = [];
  readonly closes: SocketClose[] = [];
  readonly socket: ProviderSocket;
  #opened = false;

  constructor(url: string, onFrame: (frame: Record<string, unknown>) => void = () => {}) {
    this.socket = new ProviderSocket(
      url,
      { 'x-test': 'yes' },
      {
        onOpen: () => {
          this.#opened = true;
        },
        onFrame: (frame) => {
          onFrame(frame);
          this.frames.push(frame);
        },
        onUnparsableFrame: (frame) => this.unparsable.push(frame),
        onClose: (close) => this.closes.push(close),
      },
    );
  }

  opened(): Promise<boolean> {
    return until(() => this.#opened);
  }

  closed(): Promise<SocketClose> {
    return until(() => this.closes[0]);
  }

  close(): void {
    this.socket.destroy();
  }
}

async function connected(onFrame?: (frame: Record<string, unknown>) => void) {
  const server = await startPeers();
  const observed = closing(new Observed(server.url, onFrame));
  await observed.opened();
  return { server, observed, socket: observed.socket, peer: await server.peer() };
}

describe('ProviderSocket', () => {
  test('sends its headers, and offers no compression', async () => {
    const { server } = await connected();
    expect(server.requests[0]?.headers).toMatchObject({ 'x-test': 'yes' });
    expect(server.requests[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
  });

  test('parses each frame once and passes it on, in order', async () => {
    const { observed, peer } = await connected();
    for (const frame of [{ a: 1 }, { a: 2 }]) peer.send(JSON.stringify(frame));
    await until(() => observed.frames.length === 2);
    expect(observed.frames).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test.each(['{"a":', '', '7', 'null', '[]'])('reports the frame %j, and passes on the next one', async (text) => {
    const { observed, peer } = await connected();
    peer.send(text);
    peer.send('{"a":1}');
    await until(() => observed.frames.length === 1);
    expect(observed.unparsable).toEqual([{ problem: 'not_json', bytes: Buffer.byteLength(text) }]);
  });

  test('reports a frame that its observer throws for, and passes on the next one', async () => {
    const { observed, peer } = await connected((frame) => {
      if (frame.a === 'wrong') throw new TypeError('not a number');
    });
    peer.send('{"a":"wrong"}');
    peer.send('{"a":1}');
    await until(() => observed.frames.length === 1);
    expect(observed.unparsable).toEqual([{ problem: 'unexpected_field', bytes: 13 }]);
  });

  test('reports only the first of many frames that it discards, and ends the connection after 100 of them', async () => {
    const { observed, peer } = await connected();
    for (let count = 0; count < 101; count += 1) peer.send('nonsense');
    expect(await observed.closed()).toMatchObject({ fault: 'too many invalid frames' });
    expect(observed.unparsable).toEqual([{ problem: 'not_json', bytes: 8 }]);
  });

  test('lets others have their turn while a provider sends as fast as it can', async () => {
    const { observed, peer } = await connected();
    const frame = `{"a":"${'x'.repeat(100)}"}`;
    for (let count = 0; count < 20_000; count += 1) peer.send(frame);
    let before = 0;
    let most = 0;
    // Node reads 64 KiB at a time, and up to 32 times in a turn: some 600 and 19,000 of these frames.
    await new Promise<void>((resolve) => {
      const turn = () => {
        most = Math.max(most, observed.frames.length - before);
        before = observed.frames.length;
        if (before < 20_000) setImmediate(turn);
        else resolve();
      };
      turn();
    });
    expect(most).toBeLessThan(2_000);
  });

  test('ends the connection at a frame of more than 4 MiB, and names the fault', async () => {
    const { observed, peer } = await connected();
    peer.send(`{"a":"${'x'.repeat(4 * 1024 * 1024 - 8)}"}`);
    await until(() => observed.frames.length === 1);
    peer.send(`{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`);
    expect(await observed.closed()).toMatchObject({ fault: 'a frame is larger than 4 MiB' });
    expect(observed.frames).toHaveLength(1);
  });

  test('closes with 1000, and reports the end once', async () => {
    const { observed, socket, peer } = await connected();
    const peerClosed = new Promise<number>((resolve) => {
      peer.on('close', resolve);
    });
    socket.close();
    expect(socket.open).toBe(false);
    socket.close();
    expect(await peerClosed).toBe(1000);
    expect((await observed.closed()).code).toBe(1000);
    expect(observed.closes).toHaveLength(1);
  });

  test('reports the code and the reason with which the peer closes', async () => {
    const { observed, peer } = await connected();
    peer.close(1011, 'Internal error');
    expect(await observed.closed()).toMatchObject({ code: 1011, reason: 'Internal error' });
  });

  test('reports 1006 for a connection that breaks', async () => {
    const { observed, peer } = await connected();
    peer.terminate();
    expect(await observed.closed()).toMatchObject({ code: 1006 });
  });

  test('is destroyed 2 s after close if the peer does not answer', async () => {
    const { observed, socket, peer } = await connected();
    peer.pause();
    const since = performance.now();
    socket.close();
    // ws alone would wait for 30 s, which is longer than this test may take.
    expect(await observed.closed()).toMatchObject({ code: 1006 });
    expect(performance.now() - since).toBeGreaterThan(1_900);
  });

  test('discards what is sent before it opens or after it has closed', async () => {
    const { observed, socket, peer } = await connected();
    const received: string[] = [];
    peer.on('message', (data) => received.push(data.toString()));
    socket.send('before');
    socket.close();
    socket.send('after');
    await observed.closed();
    socket.send('later');
    expect(received).toEqual(['before']);
  });

  test.each([301, 401, 404, 503])('reports HTTP %i of a refused upgrade', async (refuse) => {
    const server = await startPeers({ refuse });
    const observed = closing(new Observed(server.url));
    expect(await observed.closed()).toMatchObject({ code: 1006, status: refuse });
  });

  test('reports the system error of a server that cannot be reached', async () => {
    const observed = closing(new Observed(`ws://127.0.0.1:${await freePort()}/path`));
    expect(await observed.closed()).toMatchObject({ code: 1006, errno: 'ECONNREFUSED' });
  });

  test('closes with 1009 on a frame of more than 16 MiB', async () => {
    const { observed, peer } = await connected();
    const peerClosed = new Promise<number>((resolve) => {
      peer.on('close', resolve);
    });
    peer.send(`{"a":"${'x'.repeat(16 * 1024 * 1024)}"}`);
    expect(await peerClosed).toBe(1009);
    await observed.closed();
    expect(observed.frames).toEqual([]);
  });
});

describe('ProviderSocket with a silent peer', () => {
  beforeEach(() => {
    const real = [
      'nextTick',
      'setImmediate',
      'clearImmediate',
      'setTimeout',
      'clearTimeout',
      'queueMicrotask',
    ] as const;
    jest.useFakeTimers({ doNotFake: [...real, 'performance', 'Date', 'hrtime'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  /** Waits until the pings so far are answered, which no event reports: a message after them is answered later. */
  const answerPings = async ({ observed, socket, peer }: Awaited<ReturnType<typeof connected>>) => {
    const { length } = observed.frames;
    peer.once('message', () => peer.send('{"still":"here"}'));
    socket.send('still there?');
    await until(() => observed.frames.length > length);
  };

  test('gives the peer up as a broken connection after three unanswered pings, if the peer has answered before', async () => {
    const pair = await connected();
    const { observed, socket, peer } = pair;
    jest.advanceTimersByTime(20_000);
    await answerPings(pair);
    peer.pause();
    jest.advanceTimersByTime(60_000);
    expect(socket.open).toBe(true);
    jest.advanceTimersByTime(20_000);
    expect(await observed.closed()).toMatchObject({ code: 1006 });
  });

  test('keeps a peer that answers pings', async () => {
    const pair = await connected();
    for (let minute = 0; minute < 10; minute += 1) {
      jest.advanceTimersByTime(60_000);
      await answerPings(pair);
    }
    expect(pair.socket.open).toBe(true);
  });

  test('keeps a peer that has never answered a ping: it may not know how to', async () => {
    const { socket, peer } = await connected();
    peer.pause();
    jest.advanceTimersByTime(600_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.open).toBe(true);
  });
});

describe('connectWithin', () => {
  const never = new AbortController().signal;
  const forever = () => new Promise<never>(() => {});

  test('returns what the attempt returns', async () => {
    expect(await connectWithin(async () => 'connection', 1_000, never)).toBe('connection');
  });

  test('throws what the attempt throws', async () => {
    const failing = connectWithin(() => Promise.reject(new Error('no route')), 1_000, never);
    await expect(failing).rejects.toThrow('no route');
  });

  test('throws model_unreachable after the time limit, and aborts the attempt', async () => {
    let givenUp: AbortSignal | undefined;
    const attempt = connectWithin(
      (signal) => {
        givenUp = signal;
        return forever();
      },
      20,
      never,
    );
    await expect(attempt).rejects.toMatchObject({
      code: 'model_unreachable',
      message: expect.stringContaining('20 ms'),
    });
    expect(givenUp?.aborted).toBe(true);
  });

  test('throws the reason of an abort, before the attempt as during it', async () => {
    const reason = new Error('enough');
    const open = jest.fn(forever);
    await expect(connectWithin(open, 1_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(open).not.toHaveBeenCalled();
    const controller = new AbortController();
    const attempt = connectWithin(open, 1_000, controller.signal);
    controller.abort(reason);
    await expect(attempt).rejects.toBe(reason);
  });
});
