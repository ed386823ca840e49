/** Talkers with the client SDK, which get a frame from their microphone each 100 ms: `sdk-talk.ts ADDRESS TALKERS`. */
import { type Client, createClient } from '../src/client/index.ts';
import { everyTenth, serveLoad, untilAnswered } from './load.ts';

export interface VoiceTalk {
  /** Duration of the speech sent up, in seconds. */
  readonly seconds: number;
  /** Pieces of 100 ms that came down. */
  readonly heard: number;
}

const [url = '', talkers = ''] = process.argv.slice(2);
/** 100 ms of 16 kHz PCM. */
const FRAME = new Uint8Array((16_000 / 10) * 2).fill(3);
let heard = 0;

function open(index: number): Promise<Client> {
  return new Promise((resolve) => {
    const client = createClient({ url, userId: `sdk-${index}`, isAudio: true, transport: 'sse' });
    client.on('message', (message) => {
      if ('mime_type' in message && message.mime_type === 'audio/pcm') heard += 1;
    });
    client.on('status', ({ upstream }) => {
      if (upstream === 'ready') resolve(client);
    });
  });
}

const clients = await Promise.all(Array.from({ length: Number(talkers) }, (_, index) => open(index)));

serveLoad<VoiceTalk>(async (ms) => {
  heard = 0;
  let frames = 0;
  await everyTenth(clients, ms, (client) => {
    client.sendAudio(FRAME);
    frames += 1;
  });
  await untilAnswered(() => heard >= frames);
  return { seconds: frames / 10, heard };
});
