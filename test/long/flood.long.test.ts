import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from '@jest/globals';
import { openBody, post, say, write } from '../http/requests.ts';
import { openScripted, untilNextHeartbeat } from '../http/scripted-session.ts';
import { expectRefusal } from '../http/sessions.ts';
import { openStream } from '../http/sse-client.ts';
import { type TestServer, waitFor } from '../http/test-server.ts';
import { UNLIMITED } from '../http/unlimited.ts';
import { openSocket } from '../http/ws-client.ts';
import { voiceUp } from './labelled-voice.ts';
import { MEGABYTE, memoryInUse } from './memory.ts';

/** Duration of a piece of the flood, in ms: 100 kB of PCM, 137 kB in base64. */
const PIECE_MS = 3_200;
const PIECE_BYTES = PIECE_MS * 32;
/** POSTs on their way at once. */
const SENDERS = 8;
/** Number of refusals before the model reads anything: 14 MB. */
const REFUSALS = 100;
/** An endless body: longer than all that takes some of it on its way. */
const PIECES = 400;
/** Maximum growth of memory: 4 MiB wait for the model, as much may be held, and the rest is in transit. */
const BOUND_BYTES = 16 * MEGABYTE;

test('a flood of POSTs while the model reads nothing is bounded, refused with 429 and harms no other session; afterwards everything arrives once and in order', async () => {
  const { server, epoch, heard, begin } = await openTalk();
  const before = memoryInUse();
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
  let numbers = 0;
  let refused = 0;
  const flood = async () => {
    while (refused < REFUSALS) {
      numbers += 1;
      const items = [{ mime_type: 'audio/pcm', data: voiceUp(`${numbers}`, PIECE_MS).toString('base64') }];
      const envelope = { client: 'a', cseq: numbers, ack: `${epoch}.0`, items };
      for (let answer = await post(server, envelope); answer.status !== 200; answer = await post(server, envelope)) {
        expectRefusal(answer, { status: 429, code: 'request_queue_full' });
        expect(answer.headers['retry-after']).toBe('1');
        refused += 1;
        if (refused >= REFUSALS) await begun;
      }
    }
  };
  const flooding = Promise.all(Array.from({ length: SENDERS }, flood));
  // A test that fails before it looks at it must fail for its own reason.
  flooding.catch(() => {});
  await expectUnharmed(server);
  await waitFor('the flood', () => refused >= REFUSALS);
  expect(memoryInUse() - before).toBeLessThan(BOUND_BYTES);

  begin();
  onBegin();
  await flooding;
  await heard.until(numbers);
  const sent = createHash('sha256');
  for (let number = 1; number <= numbers; number += 1) sent.update(voiceUp(`${number}`, PIECE_MS));
  expect(heard.digest()).toBe(sent.digest('hex'));
});

test('an endless body while the model reads nothing waits within bounds and harms no other session; afterwards everything arrives in order', async () => {
  const { server, witness, heard, begin } = await openTalk();
  const before = memoryInUse();
  const sent = createHash('sha256');
  let taken = 0;
  const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
  const pieces = function* () {
    for (; taken < PIECES; taken += 1) {
      const piece = voiceUp(`${taken}`, PIECE_MS);
      sent.update(piece);
      yield piece;
    }
  };
  const flooding = pipeline(Readable.from(pieces()), sending);
  flooding.catch(() => {});
  await expectUnharmed(server);
  for (let last = -1; last !== taken; ) {
    last = taken;
    await untilNextHeartbeat(witness);
  }
  expect(taken).toBeLessThan(PIECES);
  expect(memoryInUse() - before).toBeLessThan(BOUND_BYTES);

  begin();
  await flooding;
  expect((await answer).text).toBe(`{"status":"sent","bytes":${PIECES * PIECE_BYTES}}`);
  await heard.until(PIECES);
  expect(heard.digest()).toBe(sent.digest('hex'));
});

test('the total size of unfinished bodies is bounded', async () => {
  const { server } = await openTalk();
  const before = memoryInUse();
  const bodies = Array.from({ length: 32 }, () =>
    openBody(server, { 'Content-Type': 'text/plain', 'Content-Length': `${4 * MEGABYTE}` }),
  );
  const almost = Buffer.alloc(4 * MEGABYTE - 1, 'x');
  await Promise.all(bodies.map(({ sending, answer }) => Promise.race([write(sending, almost), answer])));
  await expectUnharmed(server);
  expect(memoryInUse() - before).toBeLessThan(64 * MEGABYTE);
});

/** A session of `me` whose model takes nothing before `begin`. */
async function openTalk() {
  let begin = () => {};
  const heard = createHash('sha256');
  let bytes = 0;
  const talk = await openScripted(
    { ...UNLIMITED, MODEL_CONNECT_TIMEOUT_MS: '120000' },
    {
      onSetup: (connection, index) => {
        if (index > 0) connection.completeSetup();
        else begin = () => connection.completeSetup();
      },
      onFrame: (connection, { realtimeInput }, index) => {
        // Discard the stored input of the model.
        connection.texts.length = 1;
        if (index > 0) {
          connection.say('I hear you');
          connection.completeTurn();
        } else if (realtimeInput.audio) {
          const audio = Buffer.from(realtimeInput.audio.data, 'base64');
          heard.update(audio);
          bytes += audio.length;
        }
      },
    },
  );
  return {
    ...talk,
    begin: () => begin(),
    /** Input that the model received. */
    heard: {
      until: (pieces: number) => waitFor('all that was sent', () => bytes >= pieces * PIECE_BYTES),
      digest: () => heard.digest('hex'),
    },
  };
}

/** Expects that another user is answered at the same time. */
async function expectUnharmed(server: TestServer): Promise<void> {
  const other = await openStream(`${server.url}/events/other`);
  await other.untilNamed('session');
  for (let turn = 0; turn < 5; turn += 1) {
    await say(server, 'hello', 'other');
    expect(await other.nextAnswer()).toBe('I hear you');
  }
}

test('the total size of unfinished frames is bounded and their connections are cut, without harm to a fast sender', async () => {
  const { server } = await openTalk();
  const before = memoryInUse();
  const header = Buffer.alloc(14);
  // The first of several fragments of a text, masked with zeros.
  header[0] = 0x01;
  header[1] = 0xff;
  header.writeBigUInt64BE(BigInt(4 * MEGABYTE - 10), 2);
  const almost = Buffer.alloc(4 * MEGABYTE - 11, 'x');
  let cut = 0;
  for (let index = 0; index < 32; index += 1) {
    const socket = await openSocket(server, `/ws/me?client=c${index}`);
    const { _socket: raw } = socket.socket as unknown as { _socket: Socket };
    socket.socket.on('close', () => {
      cut += 1;
    });
    raw.write(header);
    raw.write(almost);
  }
  await waitFor('the slowest to be cut', () => cut > 16);
  await expectUnharmed(server);
  expect(memoryInUse() - before).toBeLessThan(64 * MEGABYTE);
});
