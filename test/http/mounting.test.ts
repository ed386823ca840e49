import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import express from 'express';
import type { LiveRunner } from '../../src/agent/runner.ts';
import { createApi } from '../../src/http/api.ts';
import { createApp } from '../../src/http/app.ts';
import { sessionsOf } from '../session/live.ts';
import { openStream } from './sse-client.ts';
import { afterTest, temporaryDirectory } from './test-server.ts';

/** Never says anything. */
const silentRunner: LiveRunner = {
  card: { appName: 'app', agent: 'agent', model: 'model', audioOnly: false, inputRate: 16_000, outputRate: 24_000 },
  // biome-ignore lint/correctness/useYield: it has nothing to say
  async *runLive({ liveRequestQueue }) {
    while (await liveRequestQueue.get());
  },
};

test('an app that is mounted in another one under a path answers for its API there, and nowhere else', async () => {
  const sessions = sessionsOf(silentRunner);
  afterTest(() => sessions.stop());
  const options = {
    events: {
      sessions,
      card: silentRunner.card,
      heartbeatMs: 10_000,
      stallMs: 60_000,
      limits: { body_bytes: 1_000, window: 16, linger_ms: 1_000, heartbeat_ms: 10_000 },
      server: 'a server',
      readers: new Set<never>(),
      draining: () => false,
    },
    send: { sessions, bodyLimits: { maxBytes: 1_000, idleMs: 1_000 }, draining: () => false },
    origins: { allowedOrigins: [], allowedHosts: [], loopback: true },
    publicDir: await temporaryDirectory(),
    onBug: () => {},
  };
  const outer = express().use('/live', createApp(options, createApi(options)));
  const server = outer.listen(0, '127.0.0.1');
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const stream = await openStream(`${url}/live/events/me`);
  expect(await stream.untilNamed('session')).toMatchObject({ user_id: 'me' });
  const said = await fetch(`${url}/live/send/me?x=1`, {
    method: 'POST',
    body: '{"mime_type":"text/plain","data":"Hello"}',
  });
  expect(await said.json()).toEqual({ status: 'sent' });
  expect((await fetch(`${url}/events/me`)).status).toBe(404);
});
