import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { join, room, speech } from '../../emulator/microphone.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import type { FakeConnection } from '../../models/fake-connection.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { until } from '../../models/until.ts';
import { type FakeTalkOptions, flushEvents, sentText, startFakeTalk } from '../fake-talk.ts';
import { heard, runnerFor, startTalk, type Talk } from '../talk.ts';

const closing = closesAfterEach();

afterEach(() => {
  jest.restoreAllMocks();
});

const MANUAL = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const LOUD = { mime_type: 'audio/pcm;rate=16000', data: Buffer.alloc(3_200, 0x20).toString('base64') };
const QUIET = { mime_type: 'audio/pcm;rate=16000', data: Buffer.alloc(3_200).toString('base64') };
const OPENING = sentText('begin');

async function start(options: FakeTalkOptions = {}) {
  const { model, talk } = startFakeTalk(options);
  closing(talk);
  return { model, talk, provider: await model.connection(0) };
}

/** Everything that the provider has received, audio left out, once the run has sent what it was given: it does not take all of it in one turn. */
async function received(talk: Talk, provider: FakeConnection) {
  await until(() => talk.queue.isEmpty);
  await flushEvents(talk, provider);
  return provider.received.filter(({ type }) => type !== 'audio');
}

const holdText = (talk: Talk, text: string) => talk.queue.sendContent({ role: 'user', parts: [{ text }] }, true);

describe('a request to respond', () => {
  test('completes a partial text, which is answered once', async () => {
    const { talk, provider } = await start();
    holdText(talk, 'What time ');
    holdText(talk, 'is it?');
    talk.queue.sendRespond();
    talk.queue.sendRespond();
    await provider.nextInput('text_end');
    await received(talk, provider);
    provider.say('Noon.');
    provider.completeTurn();
    await talk.turn(1);
    expect((await received(talk, provider)).map(({ type }) => type)).toEqual([
      'partial_text',
      'partial_text',
      'text_end',
    ]);
  });

  test('is repeated with its partial text if the connection is lost before the answer', async () => {
    const { model, talk, provider } = await start();
    holdText(talk, 'What time is it?');
    talk.queue.sendRespond();
    await provider.nextInput('text_end');
    provider.drop();
    const next = await model.connection(1);
    await next.nextInput('text_end');
    expect(next.received.map(({ type }) => type)).toEqual(['partial_text', 'text_end']);
    expect(next.setup.history).toEqual([]);
  });

  test('asks the model to speak if nothing was said, and the request is no message of the user', async () => {
    const { talk, provider } = await start();
    talk.queue.sendRespond();
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([OPENING]);
    provider.say('Hello!');
    provider.completeTurn();
    await talk.turn(1);
    expect(talk.events.filter(({ author }) => author === 'user')).toEqual([]);
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([OPENING, OPENING]);
  });

  test('takes the place of the greeting if the user is faster than the connection', async () => {
    const { talk, provider } = await start({ agent: { greeting: 'Welcome the caller.' } });
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([OPENING]);
  });

  test('has no effect while the model answers, and while it is about to', async () => {
    const { talk, provider } = await start();
    talk.say('hello');
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([sentText('hello')]);
    provider.say('Hel');
    await talk.until(({ partial }) => partial);
    holdText(talk, 'And');
    talk.queue.sendRespond();
    provider.call({ name: 'unknown' });
    talk.queue.sendRespond();
    const types = (await received(talk, provider)).map(({ type }) => type);
    expect(types.filter((type) => type !== 'tool_results')).toEqual(['text', 'partial_text']);
  });

  test('ends open audio in which somebody may have spoken, and asks for nothing else', async () => {
    const { talk, provider } = await start();
    talk.queue.sendRealtime(LOUD);
    talk.queue.sendRespond();
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([{ type: 'audio_end' }]);
    provider.hear('What time is it?', true);
    await talk.until(({ inputTranscription }) => inputTranscription);
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([{ type: 'audio_end' }]);
  });

  test('has no effect after the end of audio in which somebody may have spoken', async () => {
    const { talk, provider } = await start();
    talk.queue.sendRealtime(LOUD);
    talk.queue.sendAudioStreamEnd();
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([{ type: 'audio_end' }]);
  });

  test('asks the model to speak if the audio is silent, and if a sound has brought no answer for 5 s', async () => {
    const silent = await start();
    silent.talk.queue.sendRealtime(QUIET);
    silent.talk.queue.sendRespond();
    expect(await received(silent.talk, silent.provider)).toEqual([OPENING]);

    const noisy = await start();
    noisy.talk.queue.sendRealtime(LOUD);
    noisy.talk.queue.sendRespond();
    await received(noisy.talk, noisy.provider);
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 5_000);
    noisy.talk.queue.sendRespond();
    expect(await received(noisy.talk, noisy.provider)).toEqual([{ type: 'audio_end' }, OPENING]);
  });

  test('ends the activity of an agent that waits for activity_end, and the model answers that', async () => {
    const { talk, provider } = await start({ runConfig: MANUAL });
    talk.queue.sendActivityStart();
    talk.queue.sendRealtime(LOUD);
    talk.queue.sendRespond();
    talk.queue.sendRespond();
    talk.queue.sendActivityEnd();
    expect(await received(talk, provider)).toEqual([{ type: 'activity_start' }, { type: 'activity_end' }]);
  });

  test('follows the other fields of its request', async () => {
    const { talk, provider } = await start();
    talk.queue.send({ content: { role: 'user', parts: [{ text: 'What time is it?' }] }, partial: true, respond: {} });
    expect((await received(talk, provider)).map(({ type }) => type)).toEqual(['partial_text', 'text_end']);
  });

  test('waits for the answer to a question of the conversation that the connection was opened with', async () => {
    const store = createMemoryStore();
    const before = await start({ store });
    before.talk.say('What time is it?');
    await before.provider.nextInput('text');
    await before.talk.close();
    const { talk, provider } = await start({ store });
    expect(provider.setup.history).toHaveLength(1);
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([]);
    provider.say('Noon.');
    provider.completeTurn();
    await talk.turn(1);
    talk.queue.sendRespond();
    expect(await received(talk, provider)).toEqual([OPENING]);
  });
});

describe('a partial text', () => {
  test('is no question: the model is not expected to answer it', async () => {
    const { talk, provider } = await start({ runConfig: { watchdog: { firstOutputMs: 1_000 } } });
    holdText(talk, 'What time ');
    await provider.nextInput('partial_text');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await flushEvents(talk, provider);
    expect(talk.events.filter(({ status }) => status?.upstream === 'stalled')).toEqual([]);
    talk.queue.sendRespond();
    await talk.until(({ status }) => status?.upstream === 'stalled');
  });

  test('that an answer to speech has covered is not completed by a later request', async () => {
    const { talk, provider } = await start();
    holdText(talk, 'What is ');
    talk.queue.sendRealtime(LOUD);
    await provider.nextInput('audio');
    provider.hear('this?', true);
    provider.say('A pear.');
    provider.completeTurn();
    await talk.turn(1);
    talk.queue.sendRespond();
    expect((await received(talk, provider)).map(({ type }) => type)).toEqual(['partial_text', 'text']);
  });
});

describe.each(Object.values(GEMINI_FAMILIES).map(({ example }) => example))('on %s, a request to respond', (name) => {
  async function open(runConfig = {}) {
    const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true }));
    const talk = closing(startTalk(runnerFor(modelAt(emulator.url, { model: name })), runConfig));
    await talk.until(({ status }) => status?.upstream === 'ready');
    return { emulator, talk };
  }

  function speak(talk: Talk): void {
    const samples = join(room(0.4), speech(1));
    for (let at = 0; at < samples.length; at += 1_600) {
      const data = Buffer.from(samples.slice(at, at + 1_600).buffer).toString('base64');
      talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data });
    }
  }

  test('has a partial text answered', async () => {
    const { emulator, talk } = await open();
    holdText(talk, 'thanks');
    talk.queue.sendRespond();
    expect(heard(await talk.turn(1))).toBe('You are welcome.');
    expect(emulator.violations).toEqual([]);
  });

  test('makes the model speak if nothing was said', async () => {
    const { emulator, talk } = await open();
    talk.queue.sendRespond();
    expect(heard(await talk.turn(1))).toContain('I am the offline agent.');
    expect(emulator.violations).toEqual([]);
  });

  test('has speech answered once, with and without voice detection', async () => {
    for (const runConfig of [{}, MANUAL]) {
      const { emulator, talk } = await open(runConfig);
      if (runConfig === MANUAL) talk.queue.sendActivityStart();
      speak(talk);
      talk.queue.sendRespond();
      talk.queue.sendRespond();
      await talk.until(() => /second/.test(heard(talk.events)));
      const turn = await talk.turn(1);
      talk.say('thanks');
      const next = await talk.turn(2);
      expect([heard(turn), heard(next)]).toEqual([expect.stringContaining('You spoke for'), 'You are welcome.']);
      expect(emulator.violations).toEqual([]);
    }
  });
});
