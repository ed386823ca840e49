import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { EVENT_OBJECTS, WebSocketSink } from '../../../src/http/delivery/websocket-sink.ts';
import { MemoryBudget } from '../../../src/session/memory-budget.ts';
import { encodeAudioFrame } from '../../../src/wire/dialects/audio-frame.ts';
import { waitFor } from '../test-server.ts';

const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

/** A stream as of a tunnel: accepts everything at once, and passes it on later, as it is. */
class Tunnel extends Duplex {
  received = '';

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    setImmediate(() => {
      this.received += chunk.toString('latin1');
    });
    callback();
  }
}

test('messages arrive as they were written through a stream that keeps what it has accepted', async () => {
  const server = createServer();
  const webSockets = new WebSocketServer({ noServer: true });
  const tunnel = new Tunnel();
  const frames = ['AAAA', 'BBBB', 'CCCC'].map((data, index) => ({
    id: `epochepochepoch1.${index}`,
    ...encodeAudioFrame('{"data":', data, '}'),
  }));
  server.on('upgrade', (req, connection, head) =>
    webSockets.handleUpgrade(req, connection, head, (socket) => {
      const sink = new WebSocketSink(socket, connection, EVENT_OBJECTS, new MemoryBudget(1_000_000));
      // In a later turn nothing waits in the stream.
      setImmediate(() => sink.write(frames));
    }),
  );
  server.emit('connection', tunnel);
  tunnel.push(HANDSHAKE);
  await waitFor('the last message', () => tunnel.received.split('{"id"').length > frames.length);
  const messages = frames.map(({ id, data }) => `{"id":"${id}","data":${data}}`);
  expect(tunnel.received.match(/\{"id".*?\}\}/g)).toEqual(messages);
  tunnel.destroy();
});
