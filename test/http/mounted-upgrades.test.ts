import { once } from 'node:events';
import { createServer, IncomingMessage, type ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import express, { type Express } from 'express';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket, WebSocketServer } from 'ws';
import { Agent } from '../../src/agent/agent.ts';
import { takeUpgrade, UpgradeDispatcher } from '../../src/http/routes/upgrade-dispatcher.ts';
import { ask, createTestRouter, listen, openSocket, PARTS } from './mounted-app.ts';
import { afterTest, waitFor } from './test-server.ts';
import { WsClient } from './ws-client.ts';

/** A server whose app has mounted the router under `/talk`. */
async function startApp(app: Express, path: string | RegExp = '/talk', mountPath = '/talk') {
  const router = createTestRouter();
  app.use(mountPath, router);
  const server = createServer(app);
  router.service.acceptUpgrades(server, path);
  return { url: await listen(app, server), server, router };
}

describe('a WebSocket of a mounted router', () => {
  test('passes the middleware of the app, which finds the request as any other', async () => {
    const seen: string[] = [];
    const app = express().set('trust proxy', true);
    app.use((req, _res, next) => {
      seen.push(`${req.method} ${req.originalUrl} from ${req.ip}`);
      next();
    });
    const { url } = await startApp(app);
    const headers = { 'X-Forwarded-For': '192.0.2.7' };
    const { frame, socket } = await openSocket(`${url}/talk/ws/me?client=a`, headers);
    expect(frame).toMatchObject({ event: 'session', data: { user_id: 'me', agent: 'mounted' } });
    expect(seen).toEqual(['GET /talk/ws/me?client=a from 192.0.2.7']);
    socket.terminate();
  });

  test('is refused with what the app answers, also if the app knows no such path', async () => {
    const app = express();
    app.use('/talk/ws/bob', (_req, res) => void res.status(418).send('of the app'));
    const { url } = await startApp(app);
    expect(await openSocket(`${url}/talk/ws/bob?client=a`)).toMatchObject({ status: 418, body: 'of the app' });
    const misplaced = await startApp(express(), '/chat');
    expect(await openSocket(`${misplaced.url}/chat/ws/me?client=a`)).toMatchObject({
      status: 404,
      body: expect.stringContaining('Cannot GET /chat/ws/me'),
    });
  });

  test('carries a conversation, whatever middleware does with the response afterwards', async () => {
    const app = express();
    const ended: string[] = [];
    app.use((_req, res, next) => {
      res.on('close', () => ended.push('close'));
      setTimeout(() => res.status(503).end('too late'), 50);
      next();
    });
    const { url } = await startApp(app);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/talk/ws/me?client=a`);
    afterTest(() => socket.terminate());
    const client = new WsClient(socket);
    const { epoch } = await client.untilNamed('session');
    await delay(100);
    client.send({
      client: 'a',
      cseq: 1,
      ack: `${epoch}.0`,
      items: [{ mime_type: 'text/plain', data: 'count to two' }],
    });
    await waitFor('the answer', () => client.text.includes('turn_complete'));
    expect(client.code).toBeUndefined();
    expect(ended).toEqual([]);
    socket.terminate();
    await waitFor('the end of the response', () => ended.length === 1);
  });

  test.each([
    ['/talk', '/talk'],
    ['/talk/', '/talk'],
    ['/talk', '/talk/'],
    ['', '/'],
    ['/', '/'],
  ])('opens with acceptUpgrades(server, %j) and the router mounted under %j', async (path, mountPath) => {
    const { url } = await startApp(express(), path, mountPath);
    const prefix = mountPath.replace(/\/$/, '');
    expect((await openSocket(`${url}${prefix}/ws/me?client=a`)).status).toBe(101);
    expect((await ask(`${url}${prefix}/poll/me?wait=0`)).status).toBe(200);
  });

  test.each([/^\/rooms\/\w+\/talk/, /^\/rooms\/\w+\/talk\//])(
    'opens below a path with parameters, as %s',
    async (path) => {
      const { url } = await startApp(express(), path, '/rooms/:room/talk');
      expect((await openSocket(`${url}/rooms/kitchen/talk/ws/me?client=a`)).status).toBe(101);
      expect((await openSocket(`${url}/rooms/kitchen/ws/me?client=a`)).status).toBe('closed');
      expect((await ask(`${url}/rooms/kitchen/talk/poll/me?wait=0`)).status).toBe(200);
    },
  );

  test('a pattern that would remember its position is refused', () => {
    const { service } = createTestRouter();
    expect(() => service.acceptUpgrades(createServer(), /talk/g)).toThrow(/flags g and y/);
  });

  test('is refused when the client still waits for another answer on the same connection', async () => {
    const app = express();
    app.get('/slow', () => {});
    const { url } = await startApp(app);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    afterTest(() => socket.destroy());
    socket.on('error', () => {});
    const handshake =
      'GET /talk/ws/me?client=a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    socket.write(`GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n${handshake}`);
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });
});

test('an upgrade that the app has not let through after 30 s is closed', () => {
  jest.useFakeTimers();
  try {
    const server = createServer(() => {});
    UpgradeDispatcher.of(server).add({ path: '', accepts: () => true });
    const [req, connection] = [new IncomingMessage(new Socket()), new Socket()];
    server.emit('upgrade', req, connection, Buffer.alloc(0));
    jest.advanceTimersByTime(29_999);
    expect(connection.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(connection.destroyed).toBe(true);
    expect(takeUpgrade(req)).toBeUndefined();
  } finally {
    jest.useRealTimers();
  }
});

describe('several routers in one app', () => {
  test('serve their own WebSockets and requests, and an upgrade for neither is closed', async () => {
    const app = express();
    const server = createServer(app);
    for (const name of ['cook', 'poet']) {
      const router = createTestRouter({ ...PARTS, agent: new Agent({ name }) });
      app.use(`/${name}`, router);
      router.service.acceptUpgrades(server, `/${name}`);
    }
    const url = await listen(app, server);
    for (const name of ['cook', 'poet']) {
      const session = { event: 'session', data: { agent: name } };
      expect((await openSocket(`${url}/${name}/ws/me?client=a`)).frame).toMatchObject(session);
      const { events } = JSON.parse((await ask(`${url}/${name}/poll/me?wait=0`)).text);
      expect(events[0]).toMatchObject(session);
    }
    expect((await openSocket(`${url}/baker/ws/me?client=a`)).status).toBe('closed');
  });

  test('drain apart from each other', async () => {
    const app = express();
    const [first, second] = [createTestRouter(), createTestRouter()];
    app.use('/first', first).use('/second', second);
    const url = await listen(app);
    await first.service.close();
    expect((await ask(`${url}/first/poll/me?wait=0`)).status).toBe(503);
    expect((await ask(`${url}/second/poll/me?wait=0`)).status).toBe(200);
  });
});

describe('beside other WebSockets of the same server,', () => {
  test('those of ws with noServer work', async () => {
    const { url, server } = await startApp(express());
    const echo = new WebSocketServer({ noServer: true });
    server.on('upgrade', (req, connection, head) => {
      if (req.url === '/echo') echo.handleUpgrade(req, connection, head, (peer) => peer.send('"of the app"'));
    });
    expect((await openSocket(`${url}/talk/ws/me?client=a`)).status).toBe(101);
    expect((await openSocket(`${url}/echo`)).frame).toBe('of the app');
  });

  test('those of socket.io work, and last', async () => {
    const { url, server } = await startApp(express());
    const sockets = new SocketIoServer(server);
    afterTest(() => sockets.close());
    sockets.on('connection', (peer) => peer.emit('hello', 'of the app'));
    const client = io(url, { transports: ['websocket'] });
    afterTest(() => client.close());
    expect(await new Promise((resolve) => client.once('hello', resolve))).toBe('of the app');

    const { status, socket } = await openSocket(`${url}/talk/ws/me?client=a`);
    expect(status).toBe(101);
    // socket.io closes connections after 1 s that nobody has upgraded.
    await delay(1_300);
    expect([socket.readyState, client.connected]).toEqual([WebSocket.OPEN, true]);
  });
});

test('a plain HTTP server passes its WebSockets to handle(), too', async () => {
  const { service } = createTestRouter();
  const serve = (req: IncomingMessage, res: ServerResponse) => {
    if (req.headers.authorization === undefined) res.writeHead(401).end('of the program');
    else if (!service.handle(req, res)) res.writeHead(404).end();
  };
  const server = createServer(serve);
  service.acceptUpgrades(server);
  const url = await listen(serve, server);
  expect(await openSocket(`${url}/ws/me?client=a`)).toMatchObject({ status: 401, body: 'of the program' });
  expect((await openSocket(`${url}/ws/me?client=a`, { Authorization: 'x' })).status).toBe(101);
});
