/** Talkers on a WebSocket, a message of 100 ms each 100 ms, as ADK's sample sends it: `websocket-talk.ts ADDRESS TALKERS`. */
import { WebSocket } from 'ws';
import { everyTenth, serveLoad, untilAnswered } from './load.ts';
import type { VoiceTalk } from './sdk-talk.ts';

const [address = '', talkers = ''] = process.argv.slice(2);
const MESSAGE = JSON.stringify({
  mime_type: 'audio/pcm',
  data: Buffer.alloc((16_000 / 10) * 2, 3).toString('base64'),
});
let heard = 0;

function open(index: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${address.replace(/^http/, 'ws')}/ws/talker-${index}`, { perMessageDeflate: false });
    socket.on('message', (data: Buffer) => {
      if (data.includes('ready')) resolve(socket);
      if (data.includes('"audio/pcm"')) heard += 1;
    });
    socket.on('error', reject);
  });
}

const sockets = await Promise.all(Array.from({ length: Number(talkers) }, (_, index) => open(index)));

serveLoad<VoiceTalk>(async (ms) => {
  heard = 0;
  let frames = 0;
  await everyTenth(sockets, ms, (socket) => {
    socket.send(MESSAGE);
    frames += 1;
  });
  await untilAnswered(() => heard >= frames);
  return { seconds: frames / 10, heard };
});
