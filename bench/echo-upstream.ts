/**
 * A live model that answers audio at once with as much audio, in pieces of 100 ms: the same upstream for every server that is measured. Speaks
 * as much of BidiGenerateContent as that takes. Prints its port.
 */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const SPEECH = Buffer.alloc((24_000 / 10) * 2, 7).toString('base64');
const ANSWER = Buffer.from(
  JSON.stringify({
    serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: SPEECH } }] } },
  }),
);
/** Bytes of base64 in 100 ms of what it hears, at 16 kHz. */
const PIECE_BYTES = ((16_000 / 10) * 2 * 4) / 3;
const SETUP_COMPLETE = Buffer.from('{"setupComplete":{}}');

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  let ready = false;
  socket.on('message', (data: Buffer) => {
    if (!ready) {
      ready = true;
      socket.send(SETUP_COMPLETE);
    } else if (data.includes('"audio"')) {
      // Do not count the JSON around the audio as a piece.
      for (let pieces = Math.max(1, Math.floor(data.length / PIECE_BYTES)); pieces > 0; pieces -= 1)
        socket.send(ANSWER);
    }
  });
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
