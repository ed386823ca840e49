import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { encodeTextFrameHeader } from '../../../src/wire/framing/websocket-frame.ts';
import { afterTest } from '../../after-test.ts';

test('a header and an ASCII text of any length are one frame, and what follows is the next one', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  afterTest(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await once(server, 'listening');
  const lengths = [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000, 20_000_000];
  server.on('connection', (_, { socket }: IncomingMessage) => {
    for (const length of lengths) socket.write(encodeTextFrameHeader(length) + 'a'.repeat(length), 'latin1');
  });
  const { port } = server.address() as { port: number }; // a server that listens on a port
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  afterTest(() => client.terminate());
  const received: number[] = [];
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('message', (data: Buffer) => {
      expect(data.every((byte) => byte === 0x61)).toBe(true);
      if (received.push(data.length) === lengths.length) resolve();
    });
  });
  expect(received).toEqual(lengths);
});
