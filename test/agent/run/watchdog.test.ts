import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import type { ModelCapabilities } from '../../../src/models/realtime-model.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import type { FakeConnection } from '../../models/fake-connection.ts';
import { asked, controlBackOff, type FakeTalk, sentText, startFakeTalk } from '../fake-talk.ts';
import { heard, type Talk } from '../talk.ts';

const closing = closesAfterEach();
controlBackOff();
afterEach(() => {
  jest.useRealTimers();
});

const LIMITS = { firstOutputMs: 20_000, backgroundMs: 120_000, turnEndMs: 15_000 };
/** 500 ms of 24 kHz speech: without a sound, and with one. */
const SILENCE = Buffer.alloc(24_000).toString('base64');
/** 100 ms of 16 kHz audio of the user. */
const PCM = 'audio/pcm;rate=16000';
const QUIET = Buffer.alloc(3_200).toString('base64');
const LOUD = Buffer.from(new Int16Array(1_600).fill(5_000).buffer).toString('base64');
const PUSH_TO_TALK: RunConfig = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const SOUND = Buffer.from(new Int16Array(12_000).fill(5_000).buffer).toString('base64');

async function openTalk(capabilities: Partial<ModelCapabilities> = {}, runConfig: RunConfig = {}): Promise<FakeTalk> {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  const fake = startFakeTalk({ model: { capabilities: { nudge: false, ...capabilities } }, runConfig });
  closing(fake.talk);
  await settle();
  return fake;
}

/** Lets everything happen that needs no time, the attempts to reconnect included: their wait is 0, on a clock that is not replaced. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await delay(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
}

async function say(fake: FakeTalk, text: string): Promise<FakeConnection> {
  fake.talk.say(text);
  await settle();
  return fake.model.latest;
}

const stalls = ({ events }: Talk) =>
  events.flatMap(({ status }) => (status?.upstream === 'stalled' ? [status.stall] : []));
const failures = ({ events }: Talk) => events.flatMap(({ errorCode }) => errorCode ?? []);

describe('a model that does not answer', () => {
  test('is asked once more on a fresh connection after firstOutputMs, and its answer there is the only one', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    await pass(LIMITS.firstOutputMs - 1);
    expect(stalls(fake.talk)).toEqual([]);
    await pass(1);
    expect(stalls(fake.talk)).toEqual(['no_response']);
    const second = fake.model.latest;
    expect(second).not.toBe(first);
    expect(second.setup.handle).toBeUndefined();
    expect(second.received).toEqual([sentText('hello')]);
    second.say('Here I am.');
    second.completeTurn();
    await settle();
    expect(heard(fake.talk.events)).toBe('Here I am.');
    expect(failures(fake.talk)).toEqual([]);
  });

  test('is given up after the second time: the turn ends with a failure, and the next question is asked alone', async () => {
    const fake = await openTalk();
    await say(fake, 'hello');
    await pass(LIMITS.firstOutputMs);
    await pass(LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toEqual(['no_response', 'no_response']);
    expect(failures(fake.talk)).toEqual(['NO_RESPONSE']);
    const third = await say(fake, 'and now?');
    expect(third.received).toEqual([sentText('and now?')]);
    third.say('Yes.');
    third.completeTurn();
    await pass(10 * LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toHaveLength(2);
    expect(heard(fake.talk.events)).toBe('Yes.');
  });

  test('is told apart from a user who has said nothing: speech whose end is marked is a question, although no transcript came', async () => {
    const fake = await openTalk({}, { inputAudioTranscription: null });
    const speak = (data: string) => {
      for (let piece = 0; piece < 6; piece += 1) fake.talk.queue.sendRealtime({ mime_type: PCM, data });
      fake.talk.queue.sendAudioStreamEnd();
    };
    speak(QUIET);
    await settle();
    await pass(10 * LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toEqual([]);
    speak(LOUD);
    await settle();
    await pass(LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toEqual(['no_response']);
    const second = fake.model.latest;
    expect(second.received.slice(-7).map(({ type }) => type)).toEqual([...Array(6).fill('audio'), 'audio_end']);
    second.say('Here I am.');
    second.completeTurn();
    await pass(10 * LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toHaveLength(1);
    expect(heard(fake.talk.events)).toBe('Here I am.');
  });

  test('is given up after speech without a transcript, too, and is not expected to answer what was said into a reply', async () => {
    const fake = await openTalk({}, PUSH_TO_TALK);
    const press = async () => {
      fake.talk.queue.send({ activity_start: {} });
      for (let piece = 0; piece < 6; piece += 1) fake.talk.queue.sendRealtime({ mime_type: PCM, data: LOUD });
      fake.talk.queue.send({ activity_end: {} });
      await settle();
    };
    await press();
    await pass(LIMITS.firstOutputMs);
    await pass(LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toEqual(['no_response', 'no_response']);
    expect(failures(fake.talk)).toEqual(['NO_RESPONSE']);
    const { latest } = fake.model;
    await say(fake, 'hello');
    latest.say('Hel');
    await settle();
    await press();
    latest.say('lo.');
    latest.completeTurn();
    await settle();
    await pass(10 * LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toHaveLength(2);
  });

  test('may be silent on purpose after speech if it is proactive', async () => {
    const fake = await openTalk({ proactive: true });
    for (let piece = 0; piece < 6; piece += 1) fake.talk.queue.sendRealtime({ mime_type: PCM, data: LOUD });
    fake.talk.queue.sendAudioStreamEnd();
    await settle();
    await pass(10 * LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toEqual([]);
  });

  test('is nudged first if that may help, on the same connection', async () => {
    const fake = await openTalk({ nudge: true });
    const first = await say(fake, 'hello');
    await pass(LIMITS.firstOutputMs);
    expect(first.received).toEqual([sentText('hello'), { type: 'nudge' }]);
    expect(fake.model.connections).toHaveLength(1);
    await pass(LIMITS.firstOutputMs);
    expect(fake.model.connections).toHaveLength(2);
  });

  test('is not reported while a tool runs, and nothing that the old connection sends later is heard', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    first.call({ name: 'slow' });
    await settle();
    await pass(LIMITS.firstOutputMs);
    first.freeze();
    await pass(LIMITS.firstOutputMs);
    first.say('Too late.');
    first.thaw();
    await settle();
    expect(heard(fake.talk.events)).toBe('');
  });

  test('may be silent as long as it likes if the watchdog is off, or if nobody asked anything', async () => {
    const off = await openTalk({}, { watchdog: null });
    await say(off, 'hello');
    await pass(3_600_000);
    expect(stalls(off.talk)).toEqual([]);
    jest.useRealTimers();
    const idle = await openTalk();
    await pass(3_600_000);
    expect(stalls(idle.talk)).toEqual([]);
  });
});

describe('a turn that ends with nothing', () => {
  test('is followed by the same question on a fresh connection, then by a failure', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    first.completeTurn();
    await settle();
    expect(stalls(fake.talk)).toEqual(['empty_turn']);
    await pass(1_000);
    const second = fake.model.latest;
    expect(second.received).toEqual([sentText('hello')]);
    second.completeTurn();
    await settle();
    expect(failures(fake.talk)).toEqual(['NO_RESPONSE']);
    expect(fake.talk.events.filter(({ turnComplete }) => turnComplete)).toHaveLength(1);
  });

  test('is no failure after speech to a model that may stay silent on purpose', async () => {
    const fake = await openTalk({ proactive: true });
    const { latest } = fake.model;
    latest.hear('not meant for you', true);
    latest.completeTurn();
    await pass(LIMITS.firstOutputMs);
    expect(stalls(fake.talk)).toEqual([]);
  });

  test('counts from emptyTurns on, in a row: the turns before pass', async () => {
    const fake = await openTalk({}, { watchdog: { emptyTurns: 2 } });
    const first = await say(fake, 'one');
    first.completeTurn();
    await settle();
    expect(stalls(fake.talk)).toEqual([]);
    await say(fake, 'two');
    first.completeTurn();
    await settle();
    expect(stalls(fake.talk)).toEqual(['empty_turn']);
    await pass(1_000);
    expect(fake.model.latest.received).toEqual([sentText('two')]);
  });

  test('is an exchange without any answer for a model that works in the background', async () => {
    const fake = await openTalk({ exchanges: 'background' });
    const first = await say(fake, 'hello');
    first.completeTurn();
    await settle();
    expect(stalls(fake.talk)).toEqual([]);
    first.completeExchange();
    await settle();
    expect(stalls(fake.talk)).toEqual(['empty_turn']);
    await pass(1_000);
    const second = fake.model.latest;
    expect(second.received).toEqual([sentText('hello')]);
    second.say('Here I am.');
    second.completeTurn();
    second.completeExchange();
    await pass(LIMITS.backgroundMs);
    expect(heard(fake.talk.events)).toBe('Here I am.');
    expect(stalls(fake.talk)).toHaveLength(1);
  });
});

describe('the same failure again and again', () => {
  const fail = async (fake: FakeTalk, question: string, reason = 'RESPONSE_REJECTED') => {
    const connection = await say(fake, question);
    connection.completeTurn({ reason, failure: 'The model rejected its own answer' });
    await settle();
    return connection;
  };

  test('is followed by the last question on a fresh connection, which is not told the questions that were refused', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    first.say('Hello.');
    first.completeTurn();
    await settle();
    for (const question of ['one', 'two', 'three']) await fail(fake, question);
    expect(failures(fake.talk)).toEqual(['RESPONSE_REJECTED', 'RESPONSE_REJECTED']);
    expect(stalls(fake.talk)).toEqual(['repeated_failure']);
    await pass(1_000);
    const second = fake.model.latest;
    expect(second.setup.history).toEqual([asked('hello'), { role: 'model', parts: [{ text: 'Hello.' }] }]);
    expect(second.received).toEqual([sentText('three')]);
    second.completeTurn({ reason: 'RESPONSE_REJECTED', failure: 'The model rejected its own answer' });
    await settle();
    expect(failures(fake.talk)).toHaveLength(3);
    expect(stalls(fake.talk)).toHaveLength(1);
    const turns = fake.talk.events.filter(({ turnComplete }) => turnComplete);
    expect(turns).toHaveLength(4);
  });

  test('is no stall if the reasons differ, or if an answer comes between', async () => {
    const fake = await openTalk();
    await fail(fake, 'one');
    await fail(fake, 'two');
    await fail(fake, 'three', 'MALFORMED_FUNCTION_CALL');
    await fail(fake, 'four');
    await fail(fake, 'five');
    const connection = await say(fake, 'six');
    connection.say('Six.');
    connection.completeTurn();
    await settle();
    await fail(fake, 'seven');
    expect(stalls(fake.talk)).toEqual([]);
    expect(failures(fake.talk)).toHaveLength(6);
  });
});

describe('speech without a sound', () => {
  test('of full length is an answer that failed: the question is asked once more', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    for (let piece = 0; piece < 4; piece += 1) first.speak(SILENCE);
    first.completeTurn();
    await pass(1_000);
    expect(stalls(fake.talk)).toEqual(['silent_speech']);
    expect(fake.model.latest.received).toEqual([sentText('hello')]);
  });

  test.each([
    ['is too short to tell', [SILENCE, SILENCE]],
    ['is a pause beside speech', [SILENCE, SILENCE, SILENCE, SOUND, SILENCE]],
  ])('is an answer if it %s', async (_case, pieces) => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    for (const piece of pieces) first.speak(piece);
    first.completeTurn();
    await pass(1_000);
    expect(stalls(fake.talk)).toEqual([]);
  });
});

describe('a reply that does not end', () => {
  test('is nudged first if that may help, and is complete after its turn has ended', async () => {
    const fake = await openTalk({ nudge: true });
    const first = await say(fake, 'hello');
    first.say('Hello.');
    first.completeGeneration();
    await settle();
    await pass(LIMITS.turnEndMs);
    expect(first.received).toEqual([sentText('hello'), { type: 'nudge' }]);
    first.completeTurn();
    await pass(10 * LIMITS.turnEndMs);
    expect(fake.model.connections).toHaveLength(1);
    expect(stalls(fake.talk)).toEqual(['unfinished_turn']);
  });

  test('is not answered a second time by a model that works in the background', async () => {
    const fake = await openTalk({ exchanges: 'background' });
    const first = await say(fake, 'hello');
    first.say('Hello.');
    first.completeGeneration();
    await settle();
    await pass(LIMITS.turnEndMs);
    expect(stalls(fake.talk)).toEqual(['unfinished_turn']);
    await pass(1_000);
    expect(fake.model.latest).not.toBe(first);
    expect(fake.model.latest.received).toEqual([]);
  });

  test('in the middle is asked for once more, after the received speech was played and turnEndMs have passed', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    for (let piece = 0; piece < 20; piece += 1) first.speak(SOUND);
    await settle();
    await pass(LIMITS.turnEndMs + 9_999);
    expect(stalls(fake.talk)).toEqual([]);
    await pass(1);
    expect(stalls(fake.talk)).toEqual(['unfinished_reply']);
  });

  test('after it was generated completely is complete: the next question is answered on a fresh connection', async () => {
    const fake = await openTalk();
    const first = await say(fake, 'hello');
    first.say('Hello.');
    first.completeGeneration();
    await settle();
    await pass(LIMITS.turnEndMs);
    expect(stalls(fake.talk)).toEqual(['unfinished_turn']);
    expect(fake.talk.events.filter(({ turnComplete }) => turnComplete)).toHaveLength(1);
    const second = await say(fake, 'and now?');
    expect(second).not.toBe(first);
    expect(second.received).toEqual([sentText('and now?')]);
    expect(second.setup.history).toContainEqual(asked('hello'));
  });
});
