import { connect, type Socket } from 'node:net';

/** 100 ms of 16 kHz PCM. */
const SPEECH = Buffer.alloc((16_000 / 10) * 2, 3);
/** Item in the form in which ADK's sample sends it. */
const ITEM = Buffer.from(JSON.stringify({ mime_type: 'audio/pcm', data: SPEECH.toString('base64') }));
const ANSWER = Buffer.from('"audio/pcm"');
const ID = Buffer.from('id: ');
const OK = Buffer.from('HTTP/1.1 200 ');

export interface VoiceClient {
  /** Posts 100 ms of speech; resolves when the answer to it has come down the stream. */
  roundTrip(): Promise<void>;
  close(): void;
}

/** Form of the speech sent up: a JSON item, or raw and numbered as the client SDK sends it. */
export type Uplink = 'json' | 'raw';

/**
 * Opens a stream, and a connection for POSTs, and waits until the upstream is ready. Writes its requests itself: Node's client would cost more
 * than the server, and take the time away from it.
 */
export async function openClient(address: string, user: string, uplink: Uplink = 'json'): Promise<VoiceClient> {
  const { host } = new URL(address);
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
  const request = (): Buffer => {
    if (uplink === 'json') return buildRequest(host, `/send/${user}`, 'application/json', ITEM);
    cseq += 1;
    return buildRequest(
      host,
      `/send/${user}?client=${user}&cseq=${cseq}&ack=${lastId}`,
      'audio/pcm;rate=16000',
      SPEECH,
    );
  };
  const posts = await openSocket(host);
  return {
    async roundTrip() {
      const heard = new Promise<void>((resolve) => {
        answered = resolve;
      });
      const sent = new Promise<void>((resolve, reject) => {
        posts.once('data', (answer: Buffer) => {
          if (answer.subarray(0, OK.length).equals(OK)) resolve();
          else reject(new Error(`a POST was answered ${answer.toString()}`));
        });
      });
      posts.write(request());
      await Promise.all([heard, sent]);
    },
    close() {
      stream.destroy();
      posts.destroy();
    },
  };
}

function buildRequest(host: string, path: string, contentType: string, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** A block comes in a chunk of its own, or several do. */
function lastIdIn(chunk: Buffer): string | undefined {
  const start = chunk.lastIndexOf(ID);
  const stop = chunk.indexOf('\n', start);
  return start === -1 || stop === -1 ? undefined : chunk.toString('latin1', start + ID.length, stop);
}

/** Opens a stream, and gives what comes of it, its head included. */
export async function openStream(
  url: string,
  onData: (chunk: Buffer) => void,
  headers: Record<string, string> = {},
): Promise<Socket> {
  const { host, pathname, search } = new URL(url);
  const socket = await openSocket(host);
  socket.on('data', onData);
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return socket;
}

async function openSocket(host: string): Promise<Socket> {
  const [hostname = '', port] = host.split(':');
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}
