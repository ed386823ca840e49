import { type Agent, type ClientRequest, get, request } from 'node:http';

/** 100 ms of 16 kHz PCM as ADK's sample sends it. */
const BODY = JSON.stringify({ mime_type: 'audio/pcm', data: Buffer.alloc((16_000 / 10) * 2, 3).toString('base64') });
const ANSWER = Buffer.from('"audio/pcm"');

export interface VoiceClient {
  /** Posts 100 ms of speech; resolves when the answer to it has come down the stream. */
  roundTrip(): Promise<void>;
  close(): void;
}

/** Opens a stream and waits until its upstream is ready. */
export async function openClient(address: string, user: string, agent: Agent): Promise<VoiceClient> {
  let answered: (() => void) | undefined;
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  const stream = await openStream(`${address}/events/${user}?is_audio=true`, (chunk) => {
    if (chunk.includes('ready')) onReady();
    if (chunk.includes(ANSWER)) answered?.();
  });
  await ready;
  const url = new URL(`${address}/send/${user}`);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': BODY.length };
  return {
    async roundTrip() {
      const heard = new Promise<void>((resolve) => {
        answered = resolve;
      });
      const sent = new Promise<void>((resolve, reject) => {
        const post = request(url, { method: 'POST', agent, headers }, (res) => {
          if (res.statusCode !== 200) reject(new Error(`POST answered ${res.statusCode}`));
          res.resume();
          res.on('end', resolve);
        });
        post.on('error', reject);
        post.end(BODY);
      });
      await Promise.all([heard, sent]);
    },
    close: () => stream.destroy(),
  };
}

/** Opens a stream that nothing is said on. */
export function openStream(url: string, onData: (chunk: Buffer) => void): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const stream = get(url, { agent: false }, (res) => {
      if (res.statusCode !== 200) return reject(new Error(`${url} answered ${res.statusCode}`));
      res.on('data', onData);
      res.on('error', () => {});
      resolve(stream);
    });
    stream.on('error', reject);
  });
}

/** Round trips of `clients` callers, one after the other each, for `ms`. @returns how many */
export async function talk(clients: readonly VoiceClient[], ms: number): Promise<number> {
  const until = performance.now() + ms;
  let count = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < until) {
        await client.roundTrip();
        count += 1;
      }
    }),
  );
  return count;
}
