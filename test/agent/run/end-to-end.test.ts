import { describe, expect } from '@jest/globals';
import * as z from 'zod';
import type { RunConfig } from '../../../src/agent/run-config.ts';
import { type ToolContext, tool } from '../../../src/agent/tool.ts';
import { type GeminiEmulatorOptions, startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import { listTurns } from '../../../src/store/conversation-turns.ts';
import { createMemoryStore } from '../../../src/store/memory-store.ts';
import { afterTest } from '../../after-test.ts';
import { concurrentTest as test } from '../../concurrent-test.ts';
import { closesAfterEach } from '../../models/cleanup.ts';
import { startCuttableProxy } from '../../models/cuttable-proxy.ts';
import { modelAt } from '../../models/gemini/gemini-model.ts';
import { until } from '../../models/until.ts';
import { picture } from '../../picture.ts';
import { loadEvents } from '../../store/events.ts';
import { CONVERSATION, heard, outline, runnerFor, startTalk, statusesOf } from '../talk.ts';

/** Runs through the real SDK and a real WebSocket, against an emulator that is as strict as the model. */
const closing = closesAfterEach();

const AUDIO: RunConfig = { responseModalities: ['AUDIO'] };
/** An answer that takes 90 s, so that whatever a test does happens during the answer. */
const SLOW: GeminiEmulatorOptions = { pace: 0.05 };

async function emulated(options: GeminiEmulatorOptions = {}) {
  const emulator = closing(await startGeminiEmulator({ pace: 50, strict: true, ...options }));
  afterTest(() => expect(emulator.violations).toEqual([]));
  return emulator;
}

describe('text', () => {
  test('is answered in increments, then completely, then usage and the end of the turn', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.say('count to six');
    const events = await talk.turn(1);
    expect(outline(events)).toEqual(['connecting', 'ready', 'text…', 'text', 'usage', 'turnComplete']);
    expect(heard(events)).toBe('One, two, three, four, five, six.');
    const whole = events.filter(({ content, partial }) => content && !partial);
    expect(whole.map(({ content }) => content)).toEqual([{ role: 'model', parts: [{ text: heard(events) }] }]);
  });

  test('is answered by events with ids in order, one invocation id, the author and the time', async () => {
    const { url } = await emulated();
    const before = Date.now() / 1000;
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.say('thanks');
    const events = await talk.turn(1);
    const ids = events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(events.map(({ invocationId }) => invocationId)).size).toBe(1);
    expect(events[0]?.invocationId).toMatch(/^e-[0-9a-f-]{36}$/);
    expect(new Set(events.map(({ author }) => author))).toEqual(new Set(['assistant']));
    for (const { timestamp } of events) {
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(timestamp).toBeLessThanOrEqual(Date.now() / 1000);
    }
  });

  test('is answered according to the instruction of the agent', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url), { instruction: 'Be kind.' })));
    talk.say('What are your instructions?');
    expect(heard(await talk.turn(1))).toBe('My instructions are: Be kind.');
  });

  test('that is partial is not answered before the rest arrives', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.queue.sendContent({ role: 'user', parts: [{ text: 'I like pears.' }] }, true);
    talk.say('What did I say?');
    expect(heard(await talk.turn(1))).toBe('You said: I like pears.');
  });

  test('is answered with images that were sent before', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url))));
    talk.queue.sendRealtime({ mime_type: 'image/jpeg', data: picture('image/jpeg', 2_048) });
    talk.say('Look!');
    expect(heard(await talk.turn(1))).toBe('I received an image: JPEG, 2 kilobytes.');
  });

  test.each(['gemini-live-2.5-flash-preview', 'gemini-3.1-flash-live-preview'])(
    'with images is answered by %s, and stored without the images',
    async (model) => {
      const { url } = await emulated();
      const store = createMemoryStore();
      const talk = closing(startTalk(runnerFor(modelAt(url, { model }), {}, store)));
      const inlineData = { mimeType: 'image/png', data: picture('image/png', 4_096) };
      talk.queue.sendContent({ role: 'user', parts: [{ text: 'Look!' }, { inlineData }] });
      expect(heard(await talk.turn(1))).toBe('I received an image: PNG, 4 kilobytes.');
      const events = await loadEvents(store, CONVERSATION);
      expect(events[0]?.content?.parts).toEqual([{ text: 'Look!' }]);
    },
  );
});

describe('speech', () => {
  test('is answered in audio of 24 kHz with a transcript in increments, and completely once', async () => {
    const { url } = await emulated();
    const talk = closing(startTalk(runnerFor(modelAt(url)), AUDIO));
    talk.say('hello');
    const events = await talk.turn(1);
    const audio = events.flatMap((event) => event.content?.parts?.[0]?.inlineData ?? []);
    expect(audio.length).toBeGreaterThan(10);
    expect(new Set(audio.map(({ mimeType }) => mimeType))).toEqual(new Set(['audio/pcm;rate=24000']));
    const whole = events.flatMap(({ outputTranscription }) =>
      outputTranscription?.finished ? [outputTranscription] : [],
    );
    expect(whole).toEqual([{ text: heard(events), finished: true }]);
    expect(outline(events).slice(-3)).toEqual(['spoken', 'usage', 'turnComplete']);
  });

  test('of the user is transcribed with the user as author, and answered', async () => {
    const { url } = await emulated();
    const realtimeInputConfig = { automaticActivityDetection: { disabled: true } };
    const talk = closing(startTalk(runnerFor(modelAt(url)), { ...AUDIO, realtimeInputConfig }));
    talk.queue.sendActivityStart();
    talk.queue.sendRealtime({ mime_type: 'audio/pcm;rate=16000', data: Buffer.alloc(64_000, 7).toString('base64') });
    talk.queue.sendActivityEnd();
    const events = await talk.turn(1);
    expect(heard(events)).toBe('You spoke for two seconds. This is what I heard.');
    const whole = events.filter(({ inputTranscription }) => inputTranscription?.finished);
    expect(whole).toMatchObject([{ author: 'user', inputTranscription: { text: '2.0 s of speech', finished: true } }]);
  });

  test('has no transcripts if the config turns them off', async () => {
    const { url } = await emulated();
    const config = { ...AUDIO, inputAudioTranscription: null, outputAudioTranscription: null };
    const talk = closing(startTalk(runnerFor(modelAt(url)), config));
    talk.say('hello');
    expect(outline(await talk.turn(1))).toEqual(['connecting', 'ready', 'audio', 'usage', 'turnComplete']);
  });

  test('is the default of a model that only speaks', async () => {
    const { url } = await emulated();
    const runner = runnerFor(modelAt(url, { model: 'gemini-3.8-live' }));
    expect(runner.card).toEqual({
      appName: 'app',
      agent: 'assistant',
      provider: 'gemini',
      model: 'gemini-3.8-live',
      acceptsPersona: false,
      audioOnly: true,
      inputRate: 16_000,
      outputRate: 24_000,
      images: ['frames', 'in_message'],
      acceptsLanguage: false,
    });
    const talk = closing(startTalk(runner));
    talk.say('thanks');
    expect(outline(await talk.turn(1))).toContain('audio');
  });
});

describe('tools', () => {
  test('a call is emitted and run, and its result is emitted and answered', async () => {
    const { url } = await emulated();
    const clock = tool({
      name: 'current_time',
      description: 'Tells the time.',
      parameters: z.object({ zone: z.string().optional() }),
      execute: ({ zone = 'local' }) => ({ time: '14:35', zone }),
    });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [clock] })));
    talk.say('What time is it? {"zone":"UTC"}');
    const events = await talk.turn(1);
    expect(outline(events).slice(2)).toEqual(['call', 'result', 'text…', 'text', 'usage', 'turnComplete']);
    const parts = events.flatMap(({ content }) => content?.parts ?? []);
    const id = parts.find(({ functionCall }) => functionCall)?.functionCall?.id;
    expect(parts).toContainEqual({ functionCall: { id, name: 'current_time', args: { zone: 'UTC' } } });
    expect(parts).toContainEqual({
      functionResponse: { id, name: 'current_time', response: { time: '14:35', zone: 'UTC' } },
    });
    expect(heard(events)).toBe('It is 14:35.');
  });

  test('the error of a tool reaches the model', async () => {
    const { url } = await emulated();
    const broken = tool({ name: 'roll_dice', description: '', execute: () => Promise.reject(new Error('no dice')) });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [broken] })));
    talk.say('roll the dice');
    expect(heard(await talk.turn(1))).toBe('The tool failed: no dice');
  });

  test('a tool that takes longer than toolTimeoutMs is answered with an error, and the conversation continues', async () => {
    const { url } = await emulated();
    const stuck = tool({ name: 'roll_dice', description: '', execute: () => new Promise(() => {}) });
    const runConfig = { toolTimeoutMs: 50 };
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [stuck], runConfig })));
    talk.say('roll the dice');
    expect(heard(await talk.turn(1))).toBe('The tool failed: The tool did not answer within 50 ms');
    talk.say('count to two');
    expect(heard(await talk.turn(2))).toBe('One, two.');
  });

  test('a running tool does not block an interruption, which cancels it and discards its result', async () => {
    const { url } = await emulated();
    const contexts: ToolContext[] = [];
    const slow = tool({
      name: 'ask_oracle',
      description: '',
      execute: (_args, context) => {
        contexts.push(context);
        return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve('too late')));
      },
    });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [slow] })));
    talk.say('ask the oracle');
    await until(() => contexts.length === 1);
    talk.say('thanks');
    await talk.turn(2);
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(outline(talk.events).slice(2)).toEqual([
      'call',
      'toolCancellation',
      'interrupted',
      'usage',
      'turnComplete',
      'text…',
      'text',
      'usage',
      'turnComplete',
    ]);
    expect(talk.events.find(({ toolCancellation }) => toolCancellation)?.toolCancellation).toEqual([
      contexts[0]?.callId,
    ]);
  });
});

describe('a connection that is cut', () => {
  test('is resumed by its handle, and the conversation continues', async () => {
    const { url } = await emulated();
    const proxy = closing(await startCuttableProxy(url));
    const talk = closing(startTalk(runnerFor(modelAt(proxy.url))));
    talk.say('My name is Ann.');
    await talk.turn(1);
    // The handle of this turn comes behind its end, and the next turn's text behind that.
    talk.say('thanks');
    await talk.turn(2);
    proxy.cut();
    await talk.until(({ status }) => status?.upstream === 'resumed');
    expect(statusesOf(talk.events)).toEqual(['connecting', 'ready', 'reconnecting', 'resumed']);
    talk.say('What did I say?');
    expect(heard(await talk.turn(3))).toMatch(/^You said: (thanks|My name is Ann\.)$/);
    expect(proxy.made).toBe(2);
  });

  test('during a reply ends the turn, and the question is asked and answered again', async () => {
    const { url } = await emulated(SLOW);
    const proxy = closing(await startCuttableProxy(url));
    const talk = closing(startTalk(runnerFor(modelAt(proxy.url))));
    talk.say('count to five');
    await talk.until(({ content }) => content);
    proxy.cut();
    const again = await talk.turn(2);
    expect(heard(again)).toBe('One, two, three, four, five.');
    expect(outline(talk.events)).toEqual([
      'connecting',
      'ready',
      'text…',
      'text',
      'interrupted',
      'turnComplete',
      'reconnecting',
      'resumed',
      'text…',
      'text',
      'usage',
      'turnComplete',
    ]);
  });
});

describe('a conversation', () => {
  test('is known to the model of a later run', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const first = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    first.say('My name is Ann.');
    await first.turn(1);
    await first.close();
    const second = closing(startTalk(runnerFor(modelAt(url), {}, store), AUDIO));
    second.say('What did I say?');
    expect(heard(await second.turn(1))).toBe('You said: My name is Ann.');
  });

  test('that ends with the user is answered by a later run', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const content = { role: 'user', parts: [{ text: 'count to three' }] };
    const event = { id: '1', invocationId: 'e-1', author: 'user', timestamp: 1, content };
    await store.commit(CONVERSATION, { events: [event] });
    const talk = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    expect(heard(await talk.turn(1))).toBe('One, two, three.');
  });

  test('contains an interrupted reply before the text that interrupted it', async () => {
    const { url } = await emulated(SLOW);
    const store = createMemoryStore();
    const talk = closing(startTalk(runnerFor(modelAt(url), {}, store)));
    talk.say('count to thirty');
    await talk.until(({ content }) => content);
    talk.say('count to twenty');
    await talk.until(({ turnComplete }) => turnComplete);
    await talk.close();
    const turns = listTurns(await loadEvents(store, CONVERSATION));
    expect(turns.slice(0, 3)).toEqual([
      { role: 'user', text: 'count to thirty' },
      { role: 'model', text: expect.stringMatching(/^One, /), interrupted: true },
      { role: 'user', text: 'count to twenty' },
    ]);
  });

  test('contains typed text, complete answers, calls, usage and flags, and neither increments nor statuses', async () => {
    const { url } = await emulated();
    const store = createMemoryStore();
    const clock = tool({ name: 'current_time', description: '', execute: () => '12:00' });
    const talk = closing(startTalk(runnerFor(modelAt(url), { tools: [clock] }, store)));
    talk.say('What time is it?');
    await talk.turn(1);
    await talk.close();
    const events = await loadEvents(store, CONVERSATION);
    expect(outline(events)).toEqual(['text', 'call', 'result', 'text', 'usage', 'turnComplete']);
    expect(events[0]).toMatchObject({
      author: 'user',
      content: { role: 'user', parts: [{ text: 'What time is it?' }] },
    });
    expect(listTurns(events)).toEqual([
      { role: 'user', text: 'What time is it?' },
      { role: 'model', text: 'It is 12:00.' },
    ]);
  });
});
