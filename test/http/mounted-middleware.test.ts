import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { describe, expect } from '@jest/globals';
import compression from 'compression';
import cors from 'cors';
import express5, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { createClient } from '../../src/client/index.ts';
import { readConfig } from '../../src/config.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { ask, createTestRouter, listen, openSocket, PARTS } from './mounted-app.ts';
import { speech } from './speech.ts';
import { openStream } from './sse-client.ts';
import { afterTest, waitFor } from './test-server.ts';

// The types of Express 5 describe what this test uses of Express 4.
const express4: typeof express5 = createRequire(import.meta.url)('express-4');
const TEXT = { 'Content-Type': 'text/plain' };

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('in an app of %s, the router', (_version, express) => {
  /** An app as people have it: everything before the router. */
  function createApp() {
    const app = express();
    app.use(helmet(), cors({ origin: 'https://app.example' }), compression({ threshold: 0 }));
    app.use(express.json(), express.urlencoded({ extended: true }), express.text(), express.raw({ type: 'audio/*' }));
    return app;
  }

  async function start(app: ReturnType<typeof createApp>, mountPath = '/talk') {
    const router = createTestRouter();
    app.use(mountPath, router);
    app.get('/talk/own', (_req, res) => void res.send('of the app'));
    app.use('/talk', (_req, res) => void res.status(404).send('nothing of the app'));
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).send(`error of the app: ${error.message}`);
    });
    const server = createServer(app);
    router.service.acceptUpgrades(server, mountPath);
    return listen(app, server);
  }

  test('behind helmet, cors, compression and all body parsers carries text and audio both ways, each event at once', async () => {
    const url = await start(createApp());
    const stream = await openStream(`${url}/talk/events/me?is_audio=true`, { 'Accept-Encoding': 'gzip, br' });
    expect(stream.headers['content-encoding']).toBeUndefined();
    await stream.untilNamed('session');
    // The first heartbeat follows by itself: nothing holds the stream back until more is written.
    await stream.untilNamed('hb');
    const audio = await fetch(`${url}/talk/send/me`, {
      method: 'POST',
      headers: { 'Content-Type': 'audio/pcm' },
      body: new Uint8Array(speech(1)),
    });
    expect([audio.status, await audio.json()]).toEqual([200, { status: 'sent' }]);
    for (const [headers, body] of [
      [TEXT, 'count to two'],
      [{ 'Content-Type': 'application/json' }, '{"mime_type":"text/plain","data":"count to three"}'],
    ] as const) {
      expect((await fetch(`${url}/talk/send/me`, { method: 'POST', headers, body })).status).toBe(200);
    }
    await waitFor('both answers', () => stream.named('input_transcript').length + stream.messages.length > 4);
  });

  test('behind the same middleware serves the SDK over every transport', async () => {
    const url = await start(createApp());
    for (const transport of ['sse', 'poll', 'ws'] as const) {
      const client = createClient({ url: `${url}/talk`, userId: transport, transport });
      afterTest(() => client.close());
      let turns = 0;
      client.on('message', (message) => {
        if ('turn_complete' in message) turns += 1;
      });
      expect(await client.send('count to two')).toEqual({ sent: true });
      await waitFor(`the answer over ${transport}`, () => turns === 1);
    }
  });

  test('leaves other paths below its prefix, and the errors of the app, to the app', async () => {
    const url = await start(createApp());
    expect((await ask(`${url}/talk/own`)).text).toBe('of the app');
    expect(await ask(`${url}/talk/nothing`)).toMatchObject({ status: 404, text: 'nothing of the app' });
    const broken = await fetch(`${url}/talk/send/me`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{',
    });
    expect([broken.status, await broken.text()]).toEqual([500, expect.stringContaining('error of the app')]);
    // The router answers its own errors itself.
    const refused = await ask(`${url}/talk/send/nobody`, {}, 'POST');
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([404, 'session_not_found']);
  });

  test('refuses pages of other origins, whatever the cors() of the app allows, unless ALLOWED_ORIGINS names them', async () => {
    const Origin = 'https://app.example';
    const url = await start(createApp());
    expect(await ask(`${url}/talk/poll/me?wait=0`, { Origin })).toMatchObject({ status: 403 });
    expect((await openSocket(`${url}/talk/ws/me?client=a`, { Origin })).status).toBe(403);

    const allowing = createTestRouter({
      ...PARTS,
      config: readConfig({ DATABASE_URL: 'memory:', ALLOWED_ORIGINS: Origin }),
    });
    const open = await listen(createApp().use('/talk', allowing));
    const answer = await ask(`${open}/talk/poll/me?wait=0`, { Origin });
    expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': Origin } });
    // Without cors() of the app, the router answers the preflight.
    const bare = await listen(express().use('/talk', allowing));
    const preflight = await ask(`${bare}/talk/send/me`, { Origin, 'Access-Control-Request-Method': 'POST' }, 'OPTIONS');
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': Origin } });
  });

  test('serves the page with its own policies behind helmet, and redirects to its path with a slash', async () => {
    const app = createApp();
    app.use(
      '/talk',
      createTestRouter({ ...PARTS, config: readConfig({ DATABASE_URL: 'memory:', PUBLIC_DIR: 'public' }) }, true),
    );
    const url = await listen(app);
    const page = await ask(`${url}/talk/`);
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-security-policy': "frame-ancestors 'self'" },
      text: expect.stringContaining("default-src 'self'"),
    });
    const [, file] = /href="(static\/[^"]+)"/.exec(page.text) ?? [];
    expect((await ask(`${url}/talk/${file}`)).status).toBe(200);
    expect(await ask(`${url}/talk`)).toMatchObject({ status: 301, headers: { location: './talk/' } });
  });

  test.each(['/talk', '/talk/', '/:tenant/talk', ['/talk', '/chat']])(
    'answers when it is mounted under %j',
    async (mountPath) => {
      const app = express();
      app.use(mountPath as string, createTestRouter());
      const url = await listen(app);
      const prefix = mountPath === '/:tenant/talk' ? '/acme/talk' : '/talk';
      const stream = await openStream(`${url}${prefix}/events/me`);
      await stream.untilNamed('session');
      expect(
        (await fetch(`${url}${prefix}/send/me/`, { method: 'POST', headers: TEXT, body: 'count to two' })).status,
      ).toBe(200);
      expect(await stream.nextAnswer()).toBe('One, two.');
    },
  );
});
