import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { writeMaskedAscii, writeMaskedFrame } from '../../src/models/masked-frame.ts';
import { closesAfterEach } from './cleanup.ts';
import { until } from './until.ts';

const closing = closesAfterEach();

/** An open WebSocket: the connection of its client, and its server, with the texts that it has received. */
async function openPair() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closing({
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number }; // a server that listens on a port
  const accepted = new Promise<{ peer: WebSocket; raw: Socket }>((resolve) => {
    server.on('connection', (peer, { socket: raw }) => resolve({ peer, raw }));
  });
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  closing({ close: () => client.terminate() });
  const connection = await new Promise<Socket>((resolve) => client.on('upgrade', ({ socket }) => resolve(socket)));
  const { peer, raw } = await accepted;
  const texts: string[] = [];
  peer.on('message', (data) => texts.push(data.toString()));
  return { connection, client, peer, raw, texts };
}

test('texts of all lengths arrive unchanged and in order, between those that ws sends', async () => {
  const { connection, client, texts } = await openPair();
  const lengths = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 1_000, 4_267, 4_268, 65_000];
  const sent = lengths.flatMap((length) => ['a'.repeat(length), 'ü'.repeat(length / 2), '語'.repeat(length / 3)]);
  for (const text of sent) {
    await until(() => connection.writableLength === 0);
    expect(writeMaskedFrame(connection, text)).toBe(true);
    client.send('between');
  }
  await until(() => texts.length === 2 * sent.length);
  expect(texts).toEqual(sent.flatMap((text) => [text, 'between']));
});

test('ASCII texts in pieces arrive as one text each, and longer ones than a frame may have are left to ws', async () => {
  const { connection, texts } = await openPair();
  const sent = [['{"data":"', 'A'.repeat(4_300), '"}'], ['a'], ['', 'b', ''], ['x'.repeat(30_000), 'y'.repeat(35_000)]];
  for (const pieces of sent) {
    await until(() => connection.writableLength === 0);
    expect(writeMaskedAscii(connection, pieces)).toBe(true);
  }
  expect(writeMaskedAscii(connection, ['x'.repeat(40_000), 'y'.repeat(40_000)])).toBe(false);
  await until(() => texts.length === sent.length);
  expect(texts).toEqual(sent.map((pieces) => pieces.join('')));
});

test('each frame has a key of its own', async () => {
  const { connection, raw } = await openPair();
  const keys = new Set<string>();
  for (let count = 0; count < 3; count += 1) {
    expect(writeMaskedFrame(connection, 'same')).toBe(true);
    const [chunk]: Buffer[] = await once(raw, 'data');
    keys.add(chunk?.toString('hex', 2, 6) ?? '');
  }
  expect(keys.size).toBe(3);
});

test('a text of more than 64 KiB is left to ws, however many of its characters take one byte', async () => {
  const { connection, texts } = await openPair();
  for (const text of ['a'.repeat(66_000), '語'.repeat(22_000), `${'a'.repeat(65_000)}${'ü'.repeat(400)}`])
    expect(writeMaskedFrame(connection, text)).toBe(false);
  expect(writeMaskedFrame(connection, 'last')).toBe(true);
  await until(() => texts.length > 0);
  expect(texts).toEqual(['last']);
});

test('a frame that the system does not accept at once stays as it is, and further ones are left to ws until it is written', async () => {
  const { connection, peer, texts } = await openPair();
  const other = await openPair();
  peer.pause();
  const sent: string[] = [];
  // Fill the buffers of the system.
  while (connection.writableLength === 0) {
    sent.push(`${sent.length}`.padEnd(60_000, 'x'));
    expect(writeMaskedFrame(connection, sent.at(-1) ?? '')).toBe(true);
  }
  expect(writeMaskedFrame(connection, 'later')).toBe(false);
  // Another connection makes its frames meanwhile.
  expect(writeMaskedFrame(other.connection, 'y'.repeat(60_000))).toBe(true);
  peer.resume();
  await until(() => texts.length === sent.length);
  expect(texts.findIndex((text, index) => text !== sent[index])).toBe(-1);
});
