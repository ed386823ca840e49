import { once } from 'node:events';
import { createServer, type IncomingMessage, request as openRequest, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { BodyBudget } from '../../src/http/body-budget.ts';
import { ParsedJson, readBody } from '../../src/http/request-body.ts';
import { AudioUpload } from '../../src/http/routes/audio-upload.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import type { ClientPost, SessionHandle } from '../../src/session/session-handle.ts';
import { base64ByteLength } from '../../src/wire/base64.ts';
import { MEGABYTE, memoryInUse } from '../long/memory.ts';
import { openScripted } from './scripted-session.ts';
import { afterTest, waitFor } from './test-server.ts';
import { openSocket } from './ws-client.ts';

const SENDER = { clientAddress: '127.0.0.1', userId: 'me' };
const UPLOAD = { sender: SENDER, expiresAt: Number.POSITIVE_INFINITY };
/** Number of chunks in one body. */
const CHUNKS = 400_000;

interface BodyServer {
  readonly port: number;
  readonly bodies: BodyBudget;
  readonly memory: MemoryBudget;
}

/** A server that passes each request to `serve`. */
async function startBodyServer(
  serve: (req: IncomingMessage, bodies: BodyBudget) => Promise<unknown>,
): Promise<BodyServer> {
  const memory = new MemoryBudget(1024 * MEGABYTE);
  const bodies = new BodyBudget({ maxBytes: 4 * MEGABYTE, idleMs: 30_000 }, memory);
  const server: Server = createServer((req, res) => {
    serve(req, bodies).then(
      (body) => res.end(String(body)),
      () => res.destroy(),
    );
  });
  afterTest(() => {
    bodies.close();
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, bodies, memory };
}

/** Opens a body of unknown length, of which each `write` of Node is one chunk. */
async function openChunked(port: number) {
  const answer = Promise.withResolvers<string>();
  const sending = openRequest({ port, host: '127.0.0.1', method: 'POST' }, (res) => {
    let text = '';
    res.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    res.on('end', () => answer.resolve(text));
  });
  sending.on('error', answer.reject);
  sending.flushHeaders();
  const [socket] = (await once(sending, 'socket')) as [Socket];
  if (socket.connecting) await once(socket, 'connect');
  afterTest(() => sending.destroy());
  /** Sends chunks of `size` bytes, framed as HTTP frames them, in one write. */
  const sendChunks = (count: number, size: number) => {
    socket.write(`${size}\r\n${'x'.repeat(size)}\r\n`.repeat(count));
  };
  return { answer: answer.promise, sendChunks, end: () => socket.write('0\r\n\r\n') };
}

/** A live session that counts what it is sent. */
class CountingSession implements Pick<SessionHandle, 'over' | 'congested' | 'post'> {
  readonly over = false;
  congested = false;
  posts = 0;
  audioBytes = 0;
  readonly #answer = { status: 'sent', next: 1, written: null } as const;

  async post({ body }: ClientPost) {
    this.posts += 1;
    for (const { request } of 'requests' in body ? body.requests : []) {
      this.audioBytes += base64ByteLength(request.blob?.data ?? '');
    }
    return this.#answer;
  }
}

/** Counts the chunks that arrive between two turns of the event loop. */
class TurnCounter {
  most = 0;
  total = 0;
  #chunks = 0;
  #timer: NodeJS.Immediate | undefined;

  watch(req: IncomingMessage): void {
    req.on('data', () => {
      this.total += 1;
      this.#chunks += 1;
      this.most = Math.max(this.most, this.#chunks);
      this.#timer ??= setImmediate(() => {
        this.#chunks = 0;
        this.#timer = undefined;
      });
    });
  }
}

describe('a body in chunks of one byte', () => {
  test('takes no more memory than four times its bytes, and is read whole', async () => {
    const server = await startBodyServer(async (req, bodies) => {
      const body = await readBody(req, SENDER, bodies);
      return body instanceof ParsedJson ? 'parsed' : body.length;
    });
    const before = memoryInUse();
    const { sendChunks, answer, end } = await openChunked(server.port);
    sendChunks(CHUNKS, 1);
    await waitFor('the chunks', () => server.memory.used >= CHUNKS);
    expect(server.memory.used).toBeLessThan(4 * CHUNKS);
    // The client needs some memory, too.
    expect(memoryInUse() - before).toBeLessThan(16 * MEGABYTE);
    end();
    expect(await answer).toBe(String(CHUNKS));
    expect(server.memory.used).toBe(0);
  });

  test('leaves turns to everybody else: Node would read 300,000 of its chunks in one', async () => {
    const turns = new TurnCounter();
    const server = await startBodyServer(async (req, bodies) => {
      turns.watch(req);
      await readBody(req, SENDER, bodies);
    });
    const { sendChunks, answer, end } = await openChunked(server.port);
    sendChunks(CHUNKS, 1);
    end();
    await answer;
    expect(turns.total).toBe(CHUNKS);
    expect(turns.most).toBeLessThan(40_000);
  });
});

describe('endless audio in chunks of two bytes', () => {
  async function startUpload(session: CountingSession) {
    const server = await startBodyServer((req, bodies) =>
      // The upload uses nothing else of a session.
      new AudioUpload(req, session as unknown as SessionHandle, 'audio/pcm', { ...UPLOAD, bodies }).receive(),
    );
    return { ...server, ...(await openChunked(server.port)) };
  }

  test('goes to the model in pieces of 20 ms or more, all of it and in order', async () => {
    const session = new CountingSession();
    const { sendChunks, answer, end } = await startUpload(session);
    sendChunks(CHUNKS, 2);
    end();
    expect(await answer).toBe(String(2 * CHUNKS));
    expect(session.audioBytes).toBe(2 * CHUNKS);
    expect(session.posts).toBeLessThan((2 * CHUNKS) / 640 + 20);
  });

  test('does not wait for more than 20 ms of audio if no more comes', async () => {
    const session = new CountingSession();
    const { sendChunks, answer, end } = await startUpload(session);
    sendChunks(5, 2);
    await waitFor('the piece', () => session.audioBytes === 10);
    sendChunks(1, 3);
    await waitFor('the next piece', () => session.audioBytes === 12);
    sendChunks(1, 1);
    end();
    expect(await answer).toBe('14');
    expect(session.audioBytes).toBe(14);
  });

  test('waits in the network while the model is congested, and not in the memory of the server', async () => {
    const session = new CountingSession();
    session.congested = true;
    const { sendChunks, memory, answer, end } = await startUpload(session);
    const before = memoryInUse();
    sendChunks(CHUNKS, 2);
    await waitFor('the first chunks', () => memory.used > 10_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(memory.used).toBeLessThan(400_000);
    expect(memoryInUse() - before).toBeLessThan(16 * MEGABYTE);
    expect(session.posts).toBe(0);
    session.congested = false;
    end();
    expect(await answer).toBe(String(2 * CHUNKS));
    expect(memory.used).toBe(0);
  });
});

test('binary frames of two bytes go to the model together, before the text that follows them', async () => {
  const { server, provider } = await openScripted();
  const socket = await openSocket(server);
  for (let index = 0; index < 1_000; index += 1) socket.send(Buffer.from([index % 256, 1]));
  socket.send({ mime_type: 'text/plain', data: 'and this' });
  await waitFor('the text', () => provider.texts.some((text) => text.includes('and this')));
  const audio = provider.frames.flatMap(({ realtimeInput }) => realtimeInput?.audio?.data ?? []);
  expect(Buffer.concat(audio.map((data: string) => Buffer.from(data, 'base64')))).toEqual(
    Buffer.from(Array.from({ length: 1_000 }, (_, index) => [index % 256, 1]).flat()),
  );
  expect(audio.length).toBeLessThan(50);
  expect(provider.texts.at(-1)).toContain('and this');
  expect(socket.answers).toEqual([]);
});

test('an odd binary frame between tiny ones is refused alone', async () => {
  const { server, provider } = await openScripted();
  const socket = await openSocket(server);
  for (const frame of [Buffer.alloc(2), Buffer.alloc(3), Buffer.alloc(4)]) socket.send(frame);
  await socket.until('the refusal', () => socket.answers[0]);
  await waitFor('the audio', () => provider.frames.filter(({ realtimeInput }) => realtimeInput?.audio).length === 2);
  expect(socket.answers).toMatchObject([{ code: 'odd_pcm_length' }]);
});
