import { describe, expect } from '@jest/globals';
import { concurrentTest as test } from '../concurrent-test.ts';
import { post } from './requests.ts';
import { audioOf, loggedOf, openScripted, speakSlowly, speech, untilNextHeartbeat } from './scripted-session.ts';
import { openStream, type SseClient } from './sse-client.ts';
import type { TestServer } from './test-server.ts';

async function acknowledge(server: TestServer, client: string, id = ''): Promise<void> {
  const { status, text } = await post(server, { client, ack: id });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ status: 'sent', next: 1, written: expect.any(Number) });
}

/** Waits until everything that the server would write by itself is there. */
async function settled(stream: SseClient): Promise<void> {
  // The first may have been on its way already.
  await untilNextHeartbeat(stream);
  await untilNextHeartbeat(stream);
}

async function openReader(server: TestServer, client: string, epoch: string): Promise<SseClient> {
  const stream = await openStream(`${server.url}/events/me?client=${client}&since=${epoch}.0`);
  await stream.untilNamed('session');
  return stream;
}

describe('a client that acknowledges', () => {
  test('is sent at most 3 s of audio beyond its ack and the rest after further acks, without a loss', async () => {
    const { server, provider, witness, epoch } = await openScripted();
    const reader = await openReader(server, 'a', epoch);
    await acknowledge(server, 'a', `${epoch}.0`);
    for (let index = 0; index < 10; index += 1) provider.send(speech(1_000, index));
    provider.completeTurn();
    await witness.nextTurn();
    expect(audioOf(witness)).toHaveLength(10);
    await settled(reader);
    expect(audioOf(reader)).toHaveLength(3);

    // Two of them were played.
    await acknowledge(server, 'a', audioOf(reader)[1]?.id);
    await reader.until('two more', () => audioOf(reader).length >= 5);
    await settled(reader);
    expect(audioOf(reader)).toHaveLength(5);

    for (const length of [8, 10]) {
      await acknowledge(server, 'a', audioOf(reader).at(-1)?.id);
      await reader.until('more', () => audioOf(reader).length >= length);
    }
    await reader.nextTurn();
    expect(loggedOf(reader)).toEqual(loggedOf(witness));
    expect(reader.named('gap')).toEqual([]);
  });

  test('is sent the rest and the end of a session that is over, although nothing more can be acknowledged', async () => {
    const { server, provider, witness, epoch } = await openScripted();
    const reader = await openReader(server, 'a', epoch);
    await acknowledge(server, 'a', `${epoch}.0`);
    for (let index = 0; index < 6; index += 1) provider.send(speech(1_000, index));
    provider.completeTurn();
    await witness.nextTurn();
    await settled(reader);
    expect(audioOf(reader)).toHaveLength(3);
    expect((await post(server, { close: true })).status).toBe(200);
    await reader.untilNamed('end');
    expect(loggedOf(reader)).toEqual(loggedOf(witness));
  });

  test('is sent an interruption at once, and none of the audio that waited for its ack', async () => {
    const { server, provider, witness, epoch } = await openScripted();
    const reader = await openReader(server, 'a', epoch);
    await acknowledge(server, 'a', `${epoch}.0`);
    for (let index = 0; index < 6; index += 1) provider.send(speech(1_000, index));
    await witness.until('the audio', () => audioOf(witness).length === 6);
    provider.send({ serverContent: { interrupted: true } });
    provider.completeTurn();
    const turn = await reader.nextTurn();
    expect(turn.slice(-2)).toEqual([
      { turn_complete: null, interrupted: true },
      { turn_complete: true, interrupted: null },
    ]);
    expect(audioOf(reader)).toHaveLength(3);
    expect(reader.named('gap')).toEqual([]);
  });

  test('for the first time in the middle of an answer is limited from then on', async () => {
    const { server, provider, witness, epoch } = await openScripted();
    const reader = await openReader(server, 'a', epoch);
    for (let index = 0; index < 6; index += 1) provider.send(speech(1_000, index));
    await reader.until('all of it', () => audioOf(reader).length === 6);
    await acknowledge(server, 'a', audioOf(reader)[1]?.id);
    provider.send(speech(1_000, 6));
    await witness.until('it', () => audioOf(witness).length === 7);
    await settled(reader);
    expect(audioOf(reader)).toHaveLength(6);
    await acknowledge(server, 'a', audioOf(reader)[3]?.id);
    await reader.until('the seventh', () => audioOf(reader).length === 7);
  });

  test('an entry that does not exist yet acknowledges all existing ones and is sent later ones', async () => {
    const { server, provider, witness, epoch } = await openScripted();
    const reader = await openReader(server, 'a', epoch);
    provider.transcribe('before');
    await reader.until('it', () => reader.messages.length === 1);
    await acknowledge(server, 'a', `${epoch}.4000`);
    for (let index = 0; index < 4; index += 1) provider.send(speech(1_000, index));
    await witness.until('the audio', () => audioOf(witness).length === 4);
    await reader.until('3 s of it', () => audioOf(reader).length === 3);
    await settled(reader);
    expect(audioOf(reader)).toHaveLength(3);
    expect(reader.named('reset')).toEqual([]);
  });
});

test('clients that never acknowledge are sent all audio at once, whether they are named or not', async () => {
  const { server, provider, witness, epoch } = await openScripted();
  const reader = await openReader(server, 'a', epoch);
  for (let index = 0; index < 20; index += 1) provider.send(speech(1_000, index));
  provider.completeTurn();
  await witness.nextTurn();
  await reader.nextTurn();
  expect(audioOf(reader)).toHaveLength(20);
  expect(loggedOf(reader)).toEqual(loggedOf(witness));
});

describe('audio that the log dropped for lack of space', () => {
  test('is reported to a slow reader in one gap before the next event', async () => {
    // No heartbeat but the first: it would be told before each.
    const environment = { LOG_BYTES: '65536', HEARTBEAT_MS: '60000' };
    const { server, provider, witness, epoch } = await openScripted(environment);
    const reader = await openReader(server, 'a', epoch);
    await reader.untilNamed('hb');
    await acknowledge(server, 'a', `${epoch}.0`);
    await speakSlowly(provider, witness, 20, 500);
    provider.completeTurn();
    await witness.nextTurn();
    await reader.until('3 s', () => audioOf(reader).length === 6);
    await acknowledge(server, 'a', audioOf(reader).at(-1)?.id);
    await reader.nextTurn();
    const lost = 20 - audioOf(reader).length;
    expect(lost).toBeGreaterThan(0);
    expect(reader.named('gap')).toEqual([{ audio_ms: lost * 500 }]);
    // What is lost is the middle.
    const heard = audioOf(reader).map(({ id }) => id);
    const ids = audioOf(witness).map(({ id }) => id);
    expect(heard).toEqual([...ids.slice(0, 6), ...ids.slice(6 + lost)]);
    const at = reader.events.findIndex(({ event }) => event === 'gap');
    expect(reader.events[at]?.id).toBe(ids[5 + lost]);
    expect(witness.named('gap')).toEqual([]);
    expect(reader.named('reset')).toEqual([]);
  });

  test('is reported before a heartbeat whose id lies behind it, so that a reader that resumes there misses no report', async () => {
    const { server, provider, witness, epoch } = await openScripted({ LOG_BYTES: '65536' });
    const reader = await openReader(server, 'a', epoch);
    await acknowledge(server, 'a', `${epoch}.0`);
    await speakSlowly(provider, witness, 20, 500);
    provider.completeTurn();
    await witness.nextTurn();
    await settled(reader);
    reader.close();
    const after = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': reader.lastId });
    await after.nextTurn();
    const heardMs = (audioOf(reader).length + audioOf(after).length) * 500;
    const gaps = [...reader.named('gap'), ...after.named('gap')];
    const toldMs = gaps.reduce((sum, { audio_ms }) => sum + audio_ms, 0);
    expect(audioOf(reader)).toHaveLength(6);
    expect(toldMs).toBeGreaterThan(0);
    expect(heardMs + toldMs).toBe(20 * 500);
  });

  test('is reported again to a reader that resumes before the gap, and not to one that resumes after it', async () => {
    const { server, provider, witness, epoch } = await openScripted({ LOG_BYTES: '65536' });
    await speakSlowly(provider, witness, 20, 500);
    provider.completeTurn();
    await witness.nextTurn();
    const before = await openReader(server, 'a', epoch);
    await before.nextTurn();
    const gap = before.events.find(({ event }) => event === 'gap');
    expect(gap?.data).toEqual({ audio_ms: (20 - audioOf(before).length) * 500 });
    const after = await openStream(`${server.url}/events/me`, { 'Last-Event-ID': gap?.id ?? '' });
    await after.nextTurn();
    expect(after.named('gap')).toEqual([]);
    expect(audioOf(after)).toEqual(audioOf(before));
  });

  test('is not reported if its turn was interrupted', async () => {
    const { server, provider, witness, epoch } = await openScripted({ LOG_BYTES: '65536' });
    await speakSlowly(provider, witness, 20, 500);
    provider.send({ serverContent: { interrupted: true } });
    provider.completeTurn();
    await witness.nextTurn();
    const late = await openReader(server, 'a', epoch);
    await late.nextTurn();
    await late.untilNamed('hb');
    expect(audioOf(late)).toEqual([]);
    expect(late.named('gap')).toEqual([]);
  });
});
