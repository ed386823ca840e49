import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import express, { type Express } from 'express';
import { WebSocket, WebSocketServer } from 'ws';
import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { readConfig } from '../../src/config.ts';
import type { MountableRouter } from '../../src/router.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server.ts';
import { createService, type Service } from '../../src/service.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { FakeModel } from '../models/fake-model.ts';
import { createTestRouter, listen, PARTS } from './mounted-app.ts';
import { expectRefusal } from './sessions.ts';
import { speech } from './speech.ts';
import { openStream } from './sse-client.ts';
import { afterTest, temporaryDirectory } from './test-server.ts';

const { agent } = PARTS;
const JSON_HEADERS = { 'Content-Type': 'application/json' };

/** A runner that never says anything. */
const silentRunner: LiveRunner = {
  card: { appName: 'app', agent: 'silent', model: 'none', audioOnly: false, inputRate: 16_000, outputRate: 24_000 },
  // biome-ignore lint/correctness/useYield: it has nothing to say
  async *runLive({ liveRequestQueue }) {
    while (await liveRequestQueue.get());
  },
};

describe('a router made of nothing but an agent', () => {
  test('answers under its mount path without a key, beside the routes of the app', async () => {
    const router = createTestRouter({ agent, logger: PARTS.logger });
    const app = express();
    app.get('/events/me', (_req, res) => void res.send('of the app'));
    app.use('/talk', router);
    app.get('/talk/more', (_req, res) => void res.send('more of the app'));
    const url = await listen(app);

    const stream = await openStream(`${url}/talk/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({
      user_id: 'me',
      agent: 'mounted',
      model: expect.stringMatching(/^offline agent \(gemini-\S+ is emulated\)$/),
      emulated: true,
    });
    await say(url, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
    expect(await (await fetch(`${url}/talk/healthz`)).json()).toEqual({ status: 'ok' });

    expect(await (await fetch(`${url}/events/me`)).text()).toBe('of the app');
    expect(await (await fetch(`${url}/talk/more`)).text()).toBe('more of the app');
    expect((await fetch(`${url}/talk/nothing`)).headers.get('content-type')).toMatch(/^text\/html/);
  });

  test('leaves what Express has added to a request in place for the handlers after it', async () => {
    const app = express().set('trust proxy', true);
    app.use(createTestRouter({ ...PARTS, config: await configWithPage() }, true));
    app.get('/static/ip', (req, res) => void res.send(req.ip));
    const url = await listen(app);
    const answer = await fetch(`${url}/static/ip`, { headers: { 'X-Forwarded-For': '192.0.2.7' } });
    expect(await answer.text()).toBe('192.0.2.7');
  });

  test('serves the page only where it is asked to', async () => {
    const config = await configWithPage();
    const app = express();
    app.use('/with', createTestRouter({ ...PARTS, config }, true));
    app.use('/without', createTestRouter({ ...PARTS, config }));
    const url = await listen(app);
    const page = await fetch(`${url}/with/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toBe("frame-ancestors 'self'");
    expect((await fetch(`${url}/with/static/index.html`)).status).toBe(200);
    expect((await fetch(`${url}/without/`)).status).toBe(404);
  });

  test('redirects a request for the page without a slash at its end, from which the URLs of the page would lead elsewhere', async () => {
    const app = express();
    app.use('/a/talk', createTestRouter({ ...PARTS, config: await configWithPage() }, true));
    const url = await listen(app);
    const answer = await fetch(`${url}/a/talk?transport=sse`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, './talk/?transport=sse']);
    const page = await fetch(`${url}/a/talk?transport=sse`);
    expect([page.status, page.url]).toEqual([200, `${url}/a/talk/?transport=sse`]);
  });

  test('checks the Host of what arrives at a loopback address, unless ALLOWED_HOSTS names it', async () => {
    const config = readConfig({ DATABASE_URL: 'memory:', ALLOWED_HOSTS: 'app.example' });
    const app = express();
    app.use('/closed', createTestRouter(PARTS));
    app.use('/open', createTestRouter({ ...PARTS, config }));
    const url = await listen(app);
    const { port } = new URL(url);
    const statusFor = async (path: string, host: string) => {
      const sending = request({ port, host: '127.0.0.1', path, headers: { Host: host } }).end();
      const [response] = await once(sending, 'response');
      response.destroy();
      return response.statusCode;
    };
    expect(await statusFor('/closed/poll/me?wait=0', 'app.example')).toBe(403);
    expect(await statusFor('/closed/poll/me?wait=0', 'localhost')).toBe(200);
    expect(await statusFor('/open/poll/me?wait=0', 'app.example')).toBe(200);
  });
});

describe('a server whose app has mounted the router', () => {
  test.each(['/talk', '/talk/'])(
    'serves its WebSockets below the mount path %s, and leaves other upgrades to other listeners',
    async (path) => {
      const app = express();
      const router = createTestRouter(PARTS);
      const server = createServer(app.use('/talk', router));
      router.service.acceptUpgrades(server, path);
      const url = (await listen(app, server)).replace('http', 'ws');

      const socket = new WebSocket(`${url}/talk/ws/me?client=a`);
      const [frame] = await once(socket, 'message');
      expect(JSON.parse(String(frame))).toMatchObject({ event: 'session', data: { agent: 'mounted' } });
      socket.terminate();
      // Nobody else listens for upgrades.
      await expect(once(new WebSocket(`${url}/ws/me?client=a`), 'open')).rejects.toThrow('socket hang up');

      const echo = new WebSocketServer({ noServer: true });
      server.on('upgrade', (req, connection, head) => {
        if (req.url === '/other') echo.handleUpgrade(req, connection, head, (peer) => peer.send('of the app'));
        else if (!router.service.shouldUpgrade(req)) connection.destroy();
      });
      const other = new WebSocket(`${url}/other`);
      expect(String((await once(other, 'message'))[0])).toBe('of the app');
      other.terminate();
    },
  );
});

describe('the doors of pages that were written for other servers', () => {
  test.each(['/talk', '/talk/'])('are below the mount path %s', async (path) => {
    const app = express();
    const router = createTestRouter(PARTS);
    const server = createServer(app.use(path, router));
    router.service.acceptUpgrades(server, path);
    const url = await listen(app, server);
    expect(await (await fetch(`${url}/talk/api/check-models`)).json()).toEqual({
      dashscope: false,
      gemini: true,
      openai: false,
    });
    for (const [door, refusal] of [
      ['ws/me?is_audio=false', { code: 'malformed_json' }],
      ['ws/me/one', { errorCode: 'malformed_json', author: 'mounted' }],
      ['run_live?app_name=mounted&user_id=me&session_id=one', { errorCode: 'malformed_json' }],
      ['ws/me/one?dialect=agentscope', { type: 'agent_error', code: 'malformed_json', agent_id: 'mounted' }],
    ] as const) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/talk/${door}`);
      await once(socket, 'open');
      const refused = new Promise((resolve) => {
        socket.on('message', (data) => /malformed_json/.test(String(data)) && resolve(JSON.parse(String(data))));
      });
      socket.send('{');
      expect(await refused).toMatchObject(refusal);
      socket.terminate();
    }
  });
});

describe('startServer', () => {
  test('uses the model and the store that it is given', async () => {
    const model = new FakeModel({
      name: 'given-model',
      onInput: (connection, { type }) => {
        if (type !== 'text') return;
        connection.say('It was given.');
        connection.completeTurn();
      },
    });
    const store = createMemoryStore();
    const server = await startTestedServer({ agent, model, store });
    expect(server).toMatchObject({ model: 'given-model', offline: false });
    const stream = await openStream(`${server.url}/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({ agent: 'mounted', model: 'given-model' });
    await say(server.url, 'hello', '');
    expect(await stream.nextAnswer()).toBe('It was given.');
    await server.close();
    const stored = await store.load({ appName: 'mounted', userId: 'me', sessionId: 'default' });
    expect(JSON.stringify(stored?.events)).toMatch(/hello.*It was given\./);
  });

  test('uses the runner that it is given, without an agent', async () => {
    const server = await startTestedServer({ runner: silentRunner });
    const stream = await openStream(`${server.url}/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({ agent: 'silent', model: 'none' });
  });
});

describe('a body that middleware of the app has read', () => {
  test('is used if it was parsed as JSON', async () => {
    const { url, stream } = await openMounted(express().use(express.json()));
    await say(url, 'count to two');
    expect(await stream.nextAnswer()).toBe('One, two.');
    const { epoch } = await stream.untilNamed('session');
    const envelope = {
      client: 'a',
      cseq: 1,
      ack: `${epoch}.0`,
      items: [{ mime_type: 'text/plain', data: 'what did I say?' }],
    };
    expect(await post(url, JSON.stringify(envelope), JSON_HEADERS)).toMatchObject({ status: 200 });
    expect(await stream.nextAnswer()).toBe('You said: count to two');
  });

  test('an empty body that express.json() has read is refused as an empty one', async () => {
    const { url } = await openMounted(express().use(express.json()));
    expectRefusal(await post(url, '', JSON_HEADERS), { status: 400, code: 'empty_body' });
  });

  test('is used if it was read as text or as bytes', async () => {
    const { url, stream } = await openMounted(express().use(express.text(), express.raw({ type: 'audio/*' })));
    expect(await post(url, 'count to two', { 'Content-Type': 'text/plain' })).toMatchObject({ status: 200 });
    expect(await stream.nextAnswer()).toBe('One, two.');
    const audio = await post(url, speech(1), { 'Content-Type': 'audio/pcm' });
    expect(audio).toEqual({ status: 200, text: '{"status":"sent"}' });
  });

  test('is refused if it was parsed as a form, and the hint names express.urlencoded', async () => {
    const { url } = await openMounted(express().use(express.urlencoded()));
    const answer = await post(url, '{"mime_type":"text/plain","data":"hi"}', {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    expectRefusal(answer, { status: 400, code: 'malformed_json', hint: /express\.urlencoded/ });
  });

  test('is refused if the middleware kept it, and the hint says where to mount the router', async () => {
    const app = express().use(async (req, _res, next) => {
      for await (const _chunk of req);
      next();
    });
    const { url } = await openMounted(app);
    const answer = await post(url, '{"mime_type":"text/plain","data":"hi"}', JSON_HEADERS);
    expectRefusal(answer, { status: 415, code: 'unsupported_mime_type', hint: /mount the router before/ });
  });

  test('is refused with body_too_large if it is text of more than MAX_BODY_BYTES', async () => {
    const config = readConfig({ DATABASE_URL: 'memory:', MAX_BODY_BYTES: '1024' });
    const { url } = await openMounted(express().use(express.text({ limit: '1mb' })), { ...PARTS, config });
    const answer = await fetch(`${url}/talk/send/me`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: new Blob(['x'.repeat(2_000)]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(await answer.json()).toMatchObject({ code: 'body_too_large' });
  });
});

describe('a service', () => {
  test('serves a plain HTTP server with WebSockets, and close() ends the connections of both', async () => {
    const service = createTestService({ ...PARTS, runner: silentRunner });
    const server = createServer((req, res) => {
      if (!service.handle(req, res)) res.writeHead(404).end('of the app');
    });
    server.on('upgrade', (req, socket, head) => {
      if (service.shouldUpgrade(req)) service.handleUpgrade(req, socket, head);
      else socket.destroy();
    });
    const url = await listen(server.listeners('request')[0] as RequestListener, server);

    const stream = await openStream(`${url}/events/me`);
    expect(await stream.untilNamed('session')).toMatchObject({ agent: 'silent', model: 'none' });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/me?client=a`);
    const closed = once(socket, 'close');
    await once(socket, 'message');
    expect(service).toMatchObject({ liveSessions: 1, draining: false, offline: false, agent: 'silent' });
    expect(await (await fetch(`${url}/other`)).text()).toBe('of the app');

    await service.close();
    expect(await closed).toMatchObject([1001, expect.anything()]);
    await stream.untilEnded();
    expect(stream.named('drain')).toHaveLength(1);
    expect((await fetch(`${url}/events/you`)).status).toBe(503);
  });

  test('lets the reply in progress finish in drain()', async () => {
    const config = readConfig({ DATABASE_URL: 'memory:', SHUTDOWN_GRACE_MS: '60000' });
    const router = createTestRouter({ ...PARTS, config });
    const { url, stream } = await openMounted(express(), router);
    await say(url, 'count to twelve');
    await stream.until('some of the answer', () => stream.messages.length >= 1);
    await router.service.drain();
    await stream.untilEnded();
    expect(stream.messages.at(-1)).toMatchObject({ turn_complete: true });
    expect(stream.messages.some(({ interrupted }) => interrupted)).toBe(false);
  });

  test('can be closed twice, and before the first request', async () => {
    const service = createService(PARTS);
    await Promise.all([service.close(), service.close()]);
    expect(service.draining).toBe(true);
  });

  test('is not created without an agent and without a runner', () => {
    expect(() => createService({})).toThrow(/must contain an agent or a runner/);
  });

  // No compiler checks the options of these callers.
  test.each<[string, () => unknown, RegExp]>([
    ['no options', () => Reflect.apply(createService, undefined, []), /options must be an object, such as/],
    [
      'an agent in place of options',
      () => Reflect.apply(createService, undefined, [agent]),
      /options must be an object, such as/,
    ],
    ['a misspelt option', () => createWith({ stroe: createMemoryStore() }), /no option stroe; allowed: agent, runner/],
    ['an agent that is no Agent', () => createWith({ agent: { name: 'x' } }), /agent must be made by new Agent/],
    ['a store without methods', () => createWith({ store: {} }), /store must be an object with a method load/],
    ['a store that is null', () => createWith({ store: null }), /store must be an object with a method load/],
    ['a model that is a name', () => createWith({ model: 'gemini' }), /model must be an object with a method connect/],
    ['a runner without a card', () => createWith({ runner: { runLive: () => {} } }), /runner must have a card/],
    ['a config of its own making', () => createWith({ config: { port: 0 } }), /config must be made by readConfig/],
    ['a logger without child', () => createWith({ logger: console }), /logger must be an object with a method child/],
  ])('%s is refused with a TypeError that names the option', (_what, create, text) => {
    expect(create).toThrow(TypeError);
    expect(create).toThrow(text);
  });
});

type Parts = Parameters<typeof createService>[0];

function createWith(parts: Record<string, unknown>): unknown {
  return Reflect.apply(createService, undefined, [{ ...PARTS, ...parts }]);
}

function createTestService(parts: Parts): Service {
  const service = createService(parts);
  afterTest(() => service.close());
  return service;
}

/** Mounts a router below `/talk` behind the middleware of an app, and reads the session of `me`. */
async function openMounted(app: Express, parts: Parts | MountableRouter = PARTS) {
  app.use('/talk', typeof parts === 'function' ? parts : createTestRouter(parts));
  const url = await listen(app);
  const stream = await openStream(`${url}/talk/events/me`);
  await stream.untilNamed('session');
  return { url, stream };
}

async function configWithPage() {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'index.html'), '<title>the page</title>');
  return readConfig({ DATABASE_URL: 'memory:', PUBLIC_DIR: directory });
}

async function post(url: string, body: string | Buffer, headers: Record<string, string>, path = '/talk') {
  const answer = await fetch(`${url}${path}/send/me`, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

async function startTestedServer(parts: ServerOptions): Promise<RunningServer> {
  const config = readConfig({ DATABASE_URL: 'memory:', PORT: '0', SHUTDOWN_GRACE_MS: '0' });
  const server = await startServer({ config, logger: PARTS.logger, ...parts });
  afterTest(() => server.close());
  return server;
}

async function say(url: string, text: string, path = '/talk'): Promise<void> {
  const body = JSON.stringify({ mime_type: 'text/plain', data: text });
  expect(await post(url, body, JSON_HEADERS, path)).toEqual({ status: 200, text: '{"status":"sent"}' });
}
