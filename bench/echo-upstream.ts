/**
 * A live model that answers each piece of audio at once with 100 ms of audio: the same upstream for every server that is measured. Speaks as
 * much of BidiGenerateContent as that takes. Prints its port.
 */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const SPEECH = Buffer.alloc((24_000 / 10) * 2, 7).toString('base64');
const ANSWER = Buffer.from(
  JSON.stringify({
    serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: SPEECH } }] } },
  }),
);
const SETUP_COMPLETE = Buffer.from('{"setupComplete":{}}');

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  let ready = false;
  socket.on('message', (data: Buffer) => {
    if (!ready) {
      ready = true;
      socket.send(SETUP_COMPLETE);
    } else if (data.includes('"audio"')) {
      socket.send(ANSWER);
    }
  });
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
