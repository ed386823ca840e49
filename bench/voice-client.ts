import { type Agent, type ClientRequest, get, request } from 'node:http';

/** 100 ms of 16 kHz PCM. */
const SPEECH = Buffer.alloc((16_000 / 10) * 2, 3);
/** As ADK's sample sends it. */
const ITEM = Buffer.from(JSON.stringify({ mime_type: 'audio/pcm', data: SPEECH.toString('base64') }));
const ANSWER = Buffer.from('"audio/pcm"');
const ID = Buffer.from('id: ');

export interface VoiceClient {
  /** Posts 100 ms of speech; resolves when the answer to it has come down the stream. */
  roundTrip(): Promise<void>;
  close(): void;
}

/** How speech goes up: as an item of JSON, or as the client SDK sends it, raw and numbered. */
export type Uplink = 'json' | 'raw';

/** Opens a stream and waits until its upstream is ready. */
export async function openClient(
  address: string,
  user: string,
  agent: Agent,
  uplink: Uplink = 'json',
): Promise<VoiceClient> {
  let answered: (() => void) | undefined;
  let lastId = '';
  let cseq = 0;
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  const query = uplink === 'raw' ? `is_audio=true&client=${user}` : 'is_audio=true';
  const stream = await openStream(`${address}/events/${user}?${query}`, (chunk) => {
    if (chunk.includes('ready')) onReady();
    if (uplink === 'raw') lastId = lastIdIn(chunk) ?? lastId;
    if (chunk.includes(ANSWER)) answered?.();
  });
  await ready;
  const post = (): Promise<void> => {
    if (uplink === 'json') return send(`${address}/send/${user}`, agent, 'application/json', ITEM);
    cseq += 1;
    const url = `${address}/send/${user}?client=${user}&cseq=${cseq}&ack=${lastId}`;
    return send(url, agent, 'audio/pcm;rate=16000', SPEECH);
  };
  return {
    async roundTrip() {
      const heard = new Promise<void>((resolve) => {
        answered = resolve;
      });
      await Promise.all([heard, post()]);
    },
    close: () => stream.destroy(),
  };
}

function send(url: string, agent: Agent, contentType: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': contentType, 'Content-Length': body.length };
    const post = request(url, { method: 'POST', agent, headers }, (res) => {
      if (res.statusCode !== 200) reject(new Error(`${url} answered ${res.statusCode}`));
      res.resume();
      res.on('end', resolve);
    });
    post.on('error', reject);
    post.end(body);
  });
}

/** A block comes in a chunk of its own, or several do. */
function lastIdIn(chunk: Buffer): string | undefined {
  const start = chunk.lastIndexOf(ID);
  const stop = chunk.indexOf('\n', start);
  return start === -1 || stop === -1 ? undefined : chunk.toString('latin1', start + ID.length, stop);
}

/** Opens a stream that nothing is said on. */
export function openStream(
  url: string,
  onData: (chunk: Buffer) => void,
  headers: Record<string, string> = {},
): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const stream = get(url, { agent: false, headers }, (res) => {
      if (res.statusCode !== 200) return reject(new Error(`${url} answered ${res.statusCode}`));
      res.on('data', onData);
      res.on('error', () => {});
      resolve(stream);
    });
    stream.on('error', reject);
  });
}
